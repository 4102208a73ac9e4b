# Removes the directory $1 when the process that holds the other end of stdin asks for it or ends,
# even if it is killed. Supervisors stop the servers in it.
read -r word
trap '' TERM
cd / || exit 1
for pid_file in "$1"/*/pid; do
    [ -r "$pid_file" ] || continue
    pid=$(cat "$pid_file")
    tenths=1000
    while [ "$tenths" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        tenths=$((tenths - 1))
    done
done
# A program may still write in it, such as the initdb of a killed process.
tenths=100
until rm -rf -- "$1" 2>/dev/null; do
    [ "$tenths" -gt 0 ] || exit 1
    sleep 0.1
    tenths=$((tenths - 1))
done
