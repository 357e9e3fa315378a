#!/bin/bash
# A replica set with passwords wants a key file, which is what its members know each other by: a set of one may have a new one at every start.
# It lies in a tmpfs, and the image's own entrypoint hands it to the user mongodb.
set -euo pipefail
(umask 077 && head -c 512 /dev/urandom | base64 -w 0 > /data/configdb/keyfile)
exec docker-entrypoint.sh "$@"
