# Outlives the process that has started it for a moment, and ends what that one has left behind, however it has ended.
#
# It is told on standard input what runs, `+g11@127.0.0.1:5000`, and what has ended, `-g11@127.0.0.1:5000`: the id of a process that leads a
# group (g) or does not (p), and its Runtime API. When the pipe ends, so has the other side. Then it kills each process that is left, its
# group, what it has started, and on Linux also what has left all that, by the variable that it has inherited.

# What a terminal sends to those whom it reaches.
trap '' HUP INT QUIT TERM

running=
while IFS= read -r line; do
    one=${line#?}
    case $line in
    +*) running="$running $one" ;;
    -*)
        others=
        for other in $running; do
            [ "$other" = "$one" ] || others="$others $other"
        done
        running=$others
        ;;
    esac
done
[ -n "$running" ] || exit 0

# The id, the parent and the group of each process.
processes() {
    if [ -r /proc/self/stat ]; then
        for directory in /proc/[0-9]*; do
            read -r stat <"$directory/stat" || continue
            # The name, in parentheses, may have anything in it; state, parent and group follow.
            set -- ${stat##*) }
            echo "${directory#/proc/} $2 $3"
        done
    else
        ps -A -o pid= -o ppid= -o pgid=
    fi
}

# When a process was started, by the clock of the kernel; nothing where that is not told.
start_of() {
    if read -r stat <"/proc/$1/stat"; then
        set -- ${stat##*) }
        echo "${20}"
    fi
}

tree=' '
since=
for one in $running; do
    id=${one#?}
    since="$since ${one#*@}=$(start_of "${id%%@*}")"
done
for one in $running; do
    id=${one#?}
    tree="$tree${id%%@*} "
done
table=$(processes)
grows=yes
while [ -n "$grows" ]; do
    grows=
    while read -r id parent group; do
        case $tree in *" $id "*) continue ;; esac
        case $tree in *" $parent "* | *" $group "*)
            tree="$tree$id "
            grows=yes
            ;;
        esac
    done <<END
$table
END
done

for one in $running; do
    id=${one#?}
    case $one in g*) kill -KILL "-${id%%@*}" ;; esac
done
for id in $tree; do
    kill -KILL "$id"
done

# Who has the variable and is younger than the one that left it: another program may have been told the same address long ago.
for one in $since; do
    [ -n "${one#*=}" ] || continue
    for directory in /proc/[0-9]*; do
        [ -r "$directory/environ" ] || continue
        if tr '\0' '\n' <"$directory/environ" | grep -qxF "RUNTIME_API_ADDR=${one%=*}"; then
            id=${directory#/proc/}
            start=$(start_of "$id")
            if [ -n "$start" ] && [ "$start" -ge "${one#*=}" ]; then
                kill -KILL "$id"
            fi
        fi
    done
done
