#!/bin/bash
# A replica set with passwords wants a key file. It is what members know each other by, so a set of one may have a new one at every start.
# It lies in a tmpfs; the image's entrypoint gives it to mongodb.
set -euo pipefail
umask 077
head -c 512 /dev/urandom | base64 -w 0 > /data/configdb/keyfile
exec docker-entrypoint.sh "$@"
