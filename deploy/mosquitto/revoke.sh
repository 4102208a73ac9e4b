#!/bin/sh
# Revokes a login at a running broker: first its password, then its connection and session and the
# messages that the broker retains for it, then the login itself.
#
#   docker compose -f deploy/compose.yaml exec broker sh /revoke.sh astana/b1
#   USERS=/etc/mosquitto/passwd BROKER_PID=$(pidof mosquitto) sh deploy/mosquitto/revoke.sh astana/b1
#
# Of a login that is no FLEET/VEHICLE, name the topics to clear behind it. HOST and PORT say where the
# broker listens. A client certificate is revoked by crlfile in mosquitto.conf instead.
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

# Writes all other logins, and what stands in the file $1 behind them. The file stays the same one,
# with its owner and its mode.
replace() {
    LOGIN=$login awk -F: '$1 != ENVIRON["LOGIN"]' "$users" > "$work/users"
    cat "$1" >> "$work/users"
    cat "$work/users" > "$users"
    kill -HUP "$broker"
}

# A password that nobody else knows keeps the bus out while we use its login.
password=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
printf '%s:%s\n' "$login" "$password" > "$work/login"
mosquitto_passwd -U "$work/login"
replace "$work/login"

# mosquitto_pub reads its options there, so that the password is no argument.
export XDG_CONFIG_HOME="$work"
printf '%s\n' "-h ${HOST:-127.0.0.1}" "-p ${PORT:-1883}" "-u $login" "-P $password" "-i $login" \
    > "$work/mosquitto_pub"
cp "$work/mosquitto_pub" "$work/mosquitto_sub"

# A connection with a clean session takes the bus's over and ends its session. The broker may need a
# moment to read its password file.
tries=0
until mosquitto_sub -t "ayaz/v1/$login/none" -E -W 5 2> "$work/error"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 20 ]; then
        echo "revoke.sh: cannot log in as $login, whose password is changed: $(cat "$work/error")" >&2
        exit 1
    fi
    sleep 0.5
done
# An empty retained message clears the one that is retained.
for topic in "$@"; do
    mosquitto_pub -r -n -q 1 -t "$topic"
done

: > "$work/none"
replace "$work/none"
echo "revoked $login"
