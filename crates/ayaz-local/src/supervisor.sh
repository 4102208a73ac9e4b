# Runs one server and stops it when the process that holds the other end of stdin ends.
#
# $1 file for the server's process id   $3 signals that stop the server, the mildest first
# $2 seconds between signals            $4… the server's command
#
# A line on stdin stops the server. So does the end of stdin: the owner crashed, was killed or dropped
# the server. Stdout holds the lock on the data directory (nothing is written to it), so the lock lasts
# as long as the server.
pid_file=$1 grace=$2 signals=$3
# Nobody else may read the server's files, whatever the owner's umask is.
umask 077
shift 3
exec 3<&0 </dev/null

"$@" >&2 3<&- &
server=$!
echo "$server" >"$pid_file"

(
    read -r word <&3
    trap '' TERM
    for signal in $signals; do
        kill -s "$signal" "$server" 2>/dev/null || break
        tenths=$((grace * 10))
        while [ "$tenths" -gt 0 ] && kill -0 "$server" 2>/dev/null; do
            sleep 0.1
            tenths=$((tenths - 1))
        done
    done
) &
watcher=$!

wait "$server"
status=$?
rm -f -- "$pid_file"
# Ends a watcher that still waits for a line. A watcher that is stopping the server ignores the signal.
kill -s TERM "$watcher" 2>/dev/null
wait "$watcher"
exit "$status"
