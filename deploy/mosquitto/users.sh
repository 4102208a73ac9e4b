#!/bin/sh
# Sets the passwords of the users ayaz-ingest and health, and keeps those of the buses. Runs as root in
# its own container. The broker (user 1883) owns the files.
set -eu
umask 077
users=/mosquitto/users
# An existing password stays, since a running broker uses the one of its start.
if [ ! -s "$users/health" ]; then
    head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$users/health"
fi
# Hashed in a file, so that no process list shows a password.
printf 'ayaz-ingest:%s\nhealth:%s\n' "$INGEST_PASSWORD" "$(cat "$users/health")" > "$users/new"
mosquitto_passwd -U "$users/new"
if [ -f "$users/passwd" ]; then
    grep -v -e '^ayaz-ingest:' -e '^health:' "$users/passwd" >> "$users/new" || true
fi
mv "$users/new" "$users/passwd"
chown -R 1883:1883 "$users"
