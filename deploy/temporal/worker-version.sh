#!/bin/sh
# Makes the worker's build the current version: until then a worker with a BUILD_ID is given nothing to do.
# Without BUILD_ID it goes back to workers without versions, if there ever were others. Safe to repeat.
set -eu

deployment=mendline

if [ -n "$BUILD_ID" ]; then
  set -- --build-id "$BUILD_ID"
elif temporal worker deployment describe --name "$deployment" >/dev/null 2>&1; then
  set -- --unversioned
else
  echo 'worker versioning is off'
  exit 0
fi

tries=60 # the server learns of a build when its worker first asks for work
until temporal worker deployment set-current-version --deployment-name "$deployment" --yes "$@"; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 1
done
