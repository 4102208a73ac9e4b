# Removes the directory $1 when the process that holds the other end of stdin asks for it or has
# gone, however it went. The servers in it are stopped by their own supervisors.
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
# Something may still be writing in it, such as an initdb whose starter was killed.
tenths=100
until rm -rf -- "$1" 2>/dev/null; do
    [ "$tenths" -gt 0 ] || exit 1
    sleep 0.1
    tenths=$((tenths - 1))
done
