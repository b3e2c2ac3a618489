#!/usr/bin/env bash
# run.sh DIR - make bench: our sgemm and our nets beside OpenBLAS and PyTorch.
#
# Everything is measured in one run on one machine, on one pinned core first,
# then on two; what counts are the ratios. A peer that is not installed is
# named and left out (Debian: libopenblas-dev, python3-torch).
set -u
bin=$1

pin() { # pin CORES COMMAND...
    local cores=$1
    shift
    if command -v taskset >/dev/null; then taskset -c "$cores" "$@"; else "$@"; fi
}

echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
echo
echo "== sgemm, one core"
for pair in avx512:SkylakeX avx2:Haswell portable:Nehalem; do
    DL_KERNEL=${pair%:*} OPENBLAS_CORETYPE=${pair#*:} \
        OPENBLAS_NUM_THREADS=1 pin 0 "$bin/gemm" 1 2>/dev/null && echo
done

echo "== the ladder, one core but for the last rung"
"$bin/ladder" none
echo

python=""
for p in /usr/bin/python3 python3; do
    if "$p" -c 'import torch' 2>/dev/null; then python=$p && break; fi
done
[ -n "$python" ] || echo "PyTorch: not found, so no ratios for training"

here=$(dirname "$0")
# OpenBLAS's kernel was named above for sgemm alone: PyTorch chooses its own.
unset OPENBLAS_CORETYPE
rate() { sed -n 's/^samples\/s //p'; }
middle() { sort -g | sed -n 2p; } # of three lines

# bench NET THREADS: prints our parts, then three times our samples/s and the
# peer's in turn; sets ours, peer and times (ours / peer) to the medians.
bench() {
    local cores=0 binary=train_$1 us them pairs=""
    [ "$2" = 1 ] || cores=0,1
    case $1 in lstm | gru | rnn) binary=train_cells ;; esac
    pin "$cores" "$bin/$binary" "$1" "$2" | grep -v samples/s
    for _ in 1 2 3; do
        us=$(pin "$cores" "$bin/$binary" "$1" "$2" rate | rate)
        them=nan
        [ -z "$python" ] || them=$(pin "$cores" "$python" "$here/torch_peer.py" "$1" "$2" | rate)
        pairs="$pairs$us $them $(ratio "$us" "$them")
"
    done
    ours=$(printf '%s' "$pairs" | cut -d ' ' -f 1 | middle)
    peer=$(printf '%s' "$pairs" | cut -d ' ' -f 2 | middle)
    times=$(printf '%s' "$pairs" | cut -d ' ' -f 3 | middle)
}

ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

table=""
for net in mlp lenet simple lstm gru rnn; do
    one=""
    for threads in 1 2; do
        echo "== training $net, $threads thread(s)"
        bench $net $threads
        line=$(printf '%-7s %d %9d' $net $threads "$ours")
        [ "$peer" = nan ] || line="$line $(printf '%9d %6s' "$peer" "$times")"
        [ -z "$one" ] || line="$line    $(ratio "$ours" "$one") x one thread"
        one=${one:-$ours}
        table="$table$line
"
        echo
    done
done
echo "== training, samples/s, batch 64, Adam"
echo "net threads    ours   PyTorch  ratio"
printf '%s' "$table"
