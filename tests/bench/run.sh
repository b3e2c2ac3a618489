#!/usr/bin/env bash
# run.sh DIR - make bench: our sgemm and our LeNet beside OpenBLAS and PyTorch.
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
    DL_KERNEL=${pair%:*} OPENBLAS_CORETYPE=${pair#*:} OMP_NUM_THREADS=1 \
        OPENBLAS_NUM_THREADS=1 pin 0 "$bin/gemm" 2>/dev/null && echo
done

python=""
for p in /usr/bin/python3 python3; do
    if "$p" -c 'import torch' 2>/dev/null; then python=$p && break; fi
done
[ -n "$python" ] || echo "PyTorch: not found, so no ratios for training"

here=$(dirname "$0")
one=""
for threads in 1 2; do
    cores=$([ "$threads" = 1 ] && echo 0 || echo 0,1)
    echo "== training LeNet, $threads thread(s)"
    ours=$(OMP_NUM_THREADS=$threads pin "$cores" "$bin/train")
    echo "$ours" | grep -v samples/s
    ours=$(echo "$ours" | sed -n 's/^samples\/s //p')
    line="  ours $ours samples/s"
    if [ -n "$python" ]; then
        peer=$(OMP_NUM_THREADS=$threads pin "$cores" "$python" "$here/torch_peer.py" "$threads" |
            sed -n 's/^samples\/s //p')
        line="$line, PyTorch $peer, ratio $(awk "BEGIN { printf \"%.2f\", $ours / $peer }")"
    fi
    [ -z "$one" ] || line="$line; $(awk "BEGIN { printf \"%.2f\", $ours / $one }") times one thread"
    one=${one:-$ours}
    echo "$line"
    echo
done
