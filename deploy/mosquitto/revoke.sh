#!/bin/sh
# Revokes a login at a running broker: changes its password, ends its connection and session, clears its
# retained messages, and removes the login.
#
#   docker compose -f deploy/compose.yaml exec broker sh /revoke.sh astana/b1
#   USERS=/etc/mosquitto/passwd BROKER_PID=$(pidof mosquitto) sh deploy/mosquitto/revoke.sh astana/b1
#
# For a login other than FLEET/VEHICLE, give the topics to clear after LOGIN. HOST and PORT are the
# broker's address. To revoke a client certificate, use crlfile in mosquitto.conf instead.
set -eu
umask 077

login=${1:?usage: revoke.sh LOGIN [TOPIC...]}
shift
users=${USERS:-/mosquitto/users/passwd}
broker=${BROKER_PID:-1}

case $login in
    ayaz-ingest | health)
        echo "revoke.sh: $login is the broker's own user; change its password in .env instead" >&2
        exit 64
        ;;
    */*)
        [ $# -gt 0 ] || set -- "ayaz/v1/$login/telemetry" "ayaz/v1/$login/cells" "ayaz/v1/$login/status"
        ;;
esac
if ! cut -d: -f1 "$users" | grep -q -x -F -e "$login"; then
    echo "revoke.sh: no login $login in $users" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Replaces the login by the content of the file $1. Writes to the same file, which keeps its owner and
# mode.
replace() {
    LOGIN=$login awk -F: '$1 != ENVIRON["LOGIN"]' "$users" > "$work/users"
    cat "$1" >> "$work/users"
    cat "$work/users" > "$users"
    kill -HUP "$broker"
}

# With a new secret password, the bus cannot log in while this script uses its login.
password=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
printf '%s:%s\n' "$login" "$password" > "$work/login"
mosquitto_passwd -U "$work/login"
replace "$work/login"

# mosquitto_pub reads its options from this folder, so that no argument has the password.
export XDG_CONFIG_HOME="$work"
printf '%s\n' "-h ${HOST:-127.0.0.1}" "-p ${PORT:-1883}" "-u $login" "-P $password" "-i $login" \
    > "$work/mosquitto_pub"
cp "$work/mosquitto_pub" "$work/mosquitto_sub"

# A connection with a clean session takes over the connection of the bus and ends its session. The broker
# may need a moment to read its password file.
tries=0
until mosquitto_sub -t "ayaz/v1/$login/none" -E -W 5 2> "$work/error"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 20 ]; then
        echo "revoke.sh: the password of $login is changed, but this script cannot log in with it: $(cat "$work/error")" >&2
        exit 1
    fi
    sleep 0.5
done
# An empty retained message clears the retained message.
for topic in "$@"; do
    mosquitto_pub -r -n -q 1 -t "$topic"
done

: > "$work/none"
replace "$work/none"
echo "revoked $login"
