#!/bin/sh
# Enters the broker's own users, ayaz-ingest and health, and leaves the buses' as they are. Runs
# as root in its own container; the broker, user 1883, owns the result.
set -eu
umask 077
users=/mosquitto/users
# Kept, because a running broker knows the one of its start.
if [ ! -s "$users/health" ]; then
    head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$users/health"
fi
# Hashed in a file, so that no password is an argument that a list of processes shows.
printf 'ayaz-ingest:%s\nhealth:%s\n' "$INGEST_PASSWORD" "$(cat "$users/health")" > "$users/new"
mosquitto_passwd -U "$users/new"
if [ -f "$users/passwd" ]; then
    grep -v -e '^ayaz-ingest:' -e '^health:' "$users/passwd" >> "$users/new" || true
fi
mv "$users/new" "$users/passwd"
chown -R 1883:1883 "$users"
