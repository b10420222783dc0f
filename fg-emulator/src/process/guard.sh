# Outlives the process that has started it, and kills the processes that it has left behind.
#
# Standard input says which processes run, `+g11@RUNTIME_API_ADDR=127.0.0.1:5000`, and which have ended, `-g11@RUNTIME_API_ADDR=..`: the id of
# a process that leads a process group (g) or does not (p), and a variable that no other process has. When the input ends, the parent has
# ended. Then each process that is left is killed with its group and its descendants, and on Linux also processes that have inherited its
# variable.

# Signals of the terminal must not end it.
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

# When a process was started, by the clock of the kernel; nothing on systems without /proc.
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

# Processes that have the variable and are younger than the one that left them: an older one may have got the same address before.
for one in $since; do
    [ -n "${one##*=}" ] || continue
    for directory in /proc/[0-9]*; do
        [ -r "$directory/environ" ] || continue
        if tr '\0' '\n' <"$directory/environ" | grep -qxF "${one%=*}"; then
            id=${directory#/proc/}
            start=$(start_of "$id")
            if [ -n "$start" ] && [ "$start" -ge "${one##*=}" ]; then
                kill -KILL "$id"
            fi
        fi
    done
done
