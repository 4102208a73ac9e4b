# Runs one server and ends it together with the process that holds the other end of stdin.
#
# $1 file for the server's process id   $3 seconds between signals
# $2 directory to remove if the owner   $4 signals that stop the server, from polite to certain
#    dies ("" to keep it)               $5… the server's command
#
# A line "stop" on stdin stops the server and keeps its data. End of file without it means that
# the owner crashed, was killed or dropped the server. Stdout holds the lock on the data directory
# (nothing is written to it), so the lock lasts as long as the server.
pid_file=$1 scratch=$2 grace=$3 signals=$4
shift 4
exec 3<&0 </dev/null

"$@" >&2 3<&- &
server=$!
echo "$server" >"$pid_file"

(
    word=
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
    if [ "$word" != stop ] && [ -n "$scratch" ]; then
        rm -rf -- "$scratch"
        rmdir -- "${scratch%/*}" 2>/dev/null
    fi
) &
watcher=$!

wait "$server"
status=$?
# Ends a watcher that still waits for a word; one that is already stopping ignores the signal.
kill -s TERM "$watcher" 2>/dev/null
wait "$watcher"
exit "$status"
