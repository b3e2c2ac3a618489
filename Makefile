# Makefile - builds every program of the book, its tests, charts and benchmarks.
#
#   make deps                 install what is needed
#   make ch06 && ./lenet      build one chapter, run its main program
#   make help                 everything else
#
# Sources are found by wildcard: put my_net.c into a chapter's folder and
# `make my_net && ./my_net` works. Objects go to build/$(CONFIG)/, binaries of
# the release build to the root.

ifneq ($(O),)
# ---- 0. Building elsewhere ----------------------------------------------------

# make O=DIR: DIR becomes a folder of links to these sources, and make goes on
# there. This one is not written to, and later a plain `make` in DIR will do.
export O
export SOURCE := $(CURDIR)
.PHONY: elsewhere $(MAKECMDGOALS)
$(or $(MAKECMDGOALS),all): elsewhere ; @:
elsewhere:
	@bash tests/links.sh "$$SOURCE" "$$O"
	@case $$O in "~"/*) O=$$HOME/$${O#"~"/};; esac; \
	  $(MAKE) --no-print-directory -C "$$O" O= $(MAKECMDGOALS)
else

CONFIG ?= release
BLAS   ?= own
CH     ?=
B      := build/$(CONFIG)

# make V=1 shows the commands.
Q   := $(if $(V),,@)
say  = $(if $(V),@:,@printf '  %-4s %s\n' $(1) '$(2)')

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
unexport CDPATH # with it, the scripts' cd would speak

# ---- 1. What there is to build ----------------------------------------------

PROGRAM_SOURCES := $(sort $(wildcard ch0[1-7]_*/*.c))
PROGRAMS        := $(notdir $(PROGRAM_SOURCES:.c=))
CHAPTERS        := $(sort $(foreach d,$(wildcard ch0[1-7]_*),$(firstword $(subst _, ,$(d)))))
COMMON_SOURCES  := $(sort $(wildcard common/*.c))
TEST_SOURCES    := $(sort $(wildcard tests/test_*.c tests/ch0[1-7]/test_*.c))
TEST_SUPPORT    := $(filter-out $(TEST_SOURCES),$(sort $(wildcard tests/*.c)))
BENCH_SUPPORT   := tests/bench/peak.c
BENCH_SOURCES   := $(filter-out $(BENCH_SUPPORT),$(sort $(wildcard tests/bench/*.c)))

GOALS := all compile deps mnist fashion test plots bench help clean format format-check \
         check-asan check-valgrind check-aarch64 check-i686 check-s390x check-docs docs \
         lecture coverage tidy smoke check-stops check-figures mutants claims \
         $(CHAPTERS)

# Every program's binary lies at the root, so each name may exist only once.
TWICE := $(strip $(foreach p,$(sort $(PROGRAMS)),$(if $(word 2,$(filter $(p),$(PROGRAMS))),$(p))))
CLASH := $(filter $(GOALS) build common data out tests Makefile,$(PROGRAMS)) \
         $(foreach p,$(PROGRAMS),$(if $(wildcard $(p)/.),$(p)))
ifneq ($(TWICE),)
$(error two chapters have a program called $(TWICE): rename one of them)
endif
ifneq ($(strip $(CLASH)),)
$(error a program cannot be called $(strip $(CLASH)): that is a folder or a make goal)
endif

# ---- 2. How to build it ------------------------------------------------------

CC ?= cc
ifeq ($(origin CC),default)
CC := $(firstword $(foreach c,gcc clang cc,$(if $(shell command -v $(c) 2>/dev/null),$(c))) cc)
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wdouble-promotion \
            -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wno-format-zero-length -Werror=implicit-function-declaration
ifdef CI
WARNINGS += -Werror
endif
# clang warns also where a number is given to a double, which is meant: gcc does
# where two numbers are computed with each other.
ifneq ($(findstring clang,$(CC)),)
WARNINGS += -Wno-double-promotion
endif
# No -ffast-math and no -march=native: the same source gives the same numbers.
# The two -fno flags only say that nobody reads errno or traps after sqrtf.
# `#pragma omp simd` lets a loop's sum be taken in several lanes.
CFLAGS   ?= -O2 -g
BASE     := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Icommon -pthread \
            -fopenmp-simd -fno-math-errno -fno-trapping-math -ffp-contract=off \
            $(WARNINGS)
LDLIBS   := -lm

SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
            -fno-omit-frame-pointer
ifeq ($(CONFIG),asan)
override CFLAGS  := $(SANITIZE)
override LDFLAGS += -fsanitize=address,undefined
else ifeq ($(CONFIG),coverage)
override CFLAGS  := -O1 -g --coverage
override LDFLAGS += --coverage
endif

# Floats are computed as floats everywhere: 32-bit x86 and s390x would otherwise
# compute them in longer registers.
TARGET := $(shell $(CC) -dumpmachine 2>/dev/null)
ifneq ($(filter i386% i486% i586% i686%,$(TARGET)),)
BASE += -msse2 -mfpmath=sse
else ifneq ($(filter s390x%,$(TARGET)),)
BASE += -fexcess-precision=fast
endif

# Only these files may use wide vectors; kernels.c chooses among them at run
# time. They are the hot loops: -O3, and a * b + c as one instruction. Their many
# unrolled copies take a compiler minutes with full debugging information and
# sanitizers, so they get less of one and, with the other, less of -O.
HOT := $(if $(filter asan coverage,$(CONFIG)),-O1,-O3) -g1 -ffp-contract=fast
$(B)/common/kernels_portable.o $(B)/common/gemm.o \
  $(B)/tests/bench/ladder.o $(B)/tests/bench/peak.o: EXTRA := $(HOT)
ifneq ($(filter x86_64%,$(TARGET)),)
$(B)/common/kernels_avx2.o:   EXTRA := $(HOT) -mavx2 -mfma
$(B)/common/kernels_avx512.o: EXTRA := $(HOT) -mfma -mavx512f -mavx512vl \
                              -mavx512dq -mavx512bw -mprefer-vector-width=512
endif

# What the machine has: probed once per compiler and kept in probe.mk.
$(B)/probe.mk: Makefile
	@mkdir -p $(@D)
	@echo '# made by the Makefile; `make deps` has it made anew' > $@
	@if pkg-config --exists zlib libpng 2>/dev/null; then \
	  echo "LIBS_CFLAGS := $$(pkg-config --cflags zlib libpng)" >> $@; \
	  echo "LIBS := $$(pkg-config --libs zlib libpng)" >> $@; \
	else echo 'MISSING := zlib libpng' >> $@; fi
	@if pkg-config --exists libjpeg 2>/dev/null; then \
	  echo "JPEG_CFLAGS := -DHAVE_JPEG $$(pkg-config --cflags libjpeg)" >> $@; \
	  echo "JPEG_LIBS := $$(pkg-config --libs libjpeg)" >> $@; \
	else echo 'JPEG_LIBS :=' >> $@; fi
	@if pkg-config --exists check 2>/dev/null; then \
	  echo "CHECK_CFLAGS := $$(pkg-config --cflags check)" >> $@; \
	  echo "CHECK_LIBS := $$(pkg-config --libs check)" >> $@; \
	else echo 'NO_CHECK := yes' >> $@; fi

NO_BUILD := deps help clean mnist fashion format format-check check-docs docs lecture
ifneq ($(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell test -w . || echo no),)
$(error this folder cannot be written to; build in another one: make O=DIR)
endif
-include $(B)/probe.mk
ifneq ($(MISSING),)
$(error zlib and libpng (or pkg-config) are missing: run `make deps`)
endif
endif
ifneq ($(filter test compile mutants check-asan check-valgrind coverage,$(MAKECMDGOALS)),)
ifneq ($(NO_CHECK),)
$(error Check, which runs the tests, is missing: run `make deps`)
endif
endif

BASE   += $(LIBS_CFLAGS) $(JPEG_CFLAGS)
LDLIBS := $(LIBS) $(JPEG_LIBS) $(LDLIBS)

# BLAS=openblas puts OpenBLAS under the same sgemm, to compare.
ifeq ($(BLAS),openblas)
BASE   += -DUSE_OPENBLAS $(shell pkg-config --cflags openblas)
LDLIBS += $(shell pkg-config --libs openblas)
else ifneq ($(BLAS),own)
$(error BLAS=$(BLAS) is not known: BLAS=own or BLAS=openblas)
endif

# Another compiler or other flags: everything is built anew.
FLAGS := $(CC) $(CFLAGS) $(BASE) $(LDFLAGS) $(LDLIBS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@
FORCE:

# ---- 3. Objects, library, programs ---------------------------------------------

LIBRARY := $(B)/libcommon.a
OBJECTS := $(patsubst %.c,$(B)/%.o,$(COMMON_SOURCES) $(PROGRAM_SOURCES) \
             $(TEST_SOURCES) $(BENCH_SOURCES) $(TEST_SUPPORT) $(BENCH_SUPPORT) \
             tests/plots/redraw.c)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(BASE) $(CFLAGS) $(EXTRA) -MMD -MP -c $< -o $@

$(LIBRARY): $(patsubst %.c,$(B)/%.o,$(COMMON_SOURCES))
	@rm -f $@
	$(call say,ar,$@)
	$(Q)ar rcs $@ $^

# One rule per program: ch06_cnn/lenet.c -> build/release/ch06_cnn/lenet
$(patsubst %.c,$(B)/%,$(PROGRAM_SOURCES)): %: %.o $(LIBRARY)
	$(call say,link,$(notdir $@))
	$(Q)$(CC) $(BASE) $(CFLAGS) $(LDFLAGS) $< $(LIBRARY) $(LDLIBS) -o $@

.SECONDEXPANSION:
source_of = $(filter %/$(1).c,$(PROGRAM_SOURCES))
$(PROGRAMS): %: build/release/$$(patsubst $$(percent).c,$$(percent),$$(call source_of,%))
	@cp -f $< $@ # -f: also while the old one is running
percent := %

.PHONY: $(GOALS) FORCE
all: $(PROGRAMS)

# Everything that can be compiled, into build/$(CONFIG) and nowhere else.
compile: $(patsubst %.c,$(B)/%,$(PROGRAM_SOURCES) $(TEST_SOURCES) $(BENCH_SOURCES)) \
  $(B)/tests/plots/redraw

$(CHAPTERS): %: $$(notdir $$(patsubst $$(percent).c,$$(percent),$$(wildcard %_*/*.c)))
	@echo "built: $(if $^,$(addprefix ./,$^),nothing yet)"

-include $(wildcard $(OBJECTS:.o=.d))

# ---- 4. Tests ------------------------------------------------------------------

# make test CH=06 takes one chapter's tests, CH=common the library's, P=lenet
# one program's or one library module's; without them, all.
CHOSEN := $(if $(filter common,$(CH)),tests/test_%,$(if $(CH),tests/ch$(CH)/%,%))
CHOSEN := $(filter $(CHOSEN),$(TEST_SOURCES))
ifneq ($(P),)
UNKNOWN := $(foreach p,$(P),$(if $(filter %/test_$(p).c,$(CHOSEN)),,$(p)))
ifneq ($(strip $(UNKNOWN)),)
$(error no tests of $(strip $(UNKNOWN)): `make help` lists the programs, common/README.md the modules)
endif
CHOSEN := $(foreach p,$(P),$(filter %/test_$(p).c,$(CHOSEN)))
endif
TESTS  := $(patsubst %.c,$(B)/%,$(CHOSEN))

# A test includes the program it tests, with main renamed: so it finds files
# from the root, and that renamed main has no prototype.
$(B)/tests/%.o: EXTRA += $(CHECK_CFLAGS) -I. -Itests -Wno-missing-prototypes
$(patsubst %.c,$(B)/%,$(TEST_SOURCES)): %: %.o \
    $(patsubst %.c,$(B)/%.o,$(TEST_SUPPORT)) $(LIBRARY)
	$(call say,link,$(notdir $@))
	$(Q)$(CC) $(BASE) $(CFLAGS) $(LDFLAGS) $^ $(LIBRARY) $(CHECK_LIBS) $(LDLIBS) -o $@

# A test needs its binary and, in a chapter, the program of that name, which it
# runs; the library's tests run several.
READY := $(TESTS:=.ready)
.PHONY: build-tests $(READY)
program_of = $(filter $(patsubst test_%,%,$(notdir $(1))),$(PROGRAMS))
$(READY): $(B)/tests/%.ready: $(B)/tests/% \
    $$(if $$(filter release,$(CONFIG)),$$(if $$(findstring /,$$*),$$(call program_of,$$*)))
	@:
RUN_BY_TESTS := $(if $(filter release,$(CONFIG)),$(if $(filter $(B)/tests/test_%,$(TESTS)),$(PROGRAMS)))
build-tests: $(READY) $(RUN_BY_TESTS) ; @:

# What does not compile keeps nothing else from being tested. run.sh then makes
# each test again before it runs it, so that no old binary takes its place.
test:
	@rm -f $(B)/broken
	@$(MAKE) --no-print-directory -k build-tests || { : > $(B)/broken; \
	  for p in $(RUN_BY_TESTS); do $(MAKE) -s $$p >/dev/null 2>&1 || rm -f $$p; done; }
	@REMAKE="$$([ ! -e $(B)/broken ] || echo '$(remake)')" bash tests/run.sh $(TESTS)
# Not to be seen as $(MAKE) in that line: make -n would run the tests.
remake = $(MAKE)

# Tests that run a whole program run the release build's, at the root.
check-asan check-valgrind check-aarch64 check-i686 check-s390x coverage: all

ifneq ($(filter asan coverage,$(CONFIG)),)
SLOWER ?= 10
export SLOWER
endif
check-asan:
	@$(MAKE) --no-print-directory CONFIG=asan test

# A thread that still runs when the program ends has memory "possibly lost".
check-valgrind: $(TESTS)
	@RUN_WITH="valgrind -q --error-exitcode=9 --leak-check=full \
	  --show-leak-kinds=definite --errors-for-leak-kinds=definite" bash tests/run.sh \
	  $(filter-out $(B)/tests/ch%,$(TESTS))

check-aarch64 check-i686 check-s390x: check-%:
	@bash tests/cross.sh $*

# Are small mistakes noticed? M=ch02_mlp: those whose name begins so. CHECK=1
# only looks whether their places are still found, PART=3/10 takes a tenth.
mutants:
	@PART=$(PART) CHECK=$(CHECK) bash tests/mutants.sh $(M) $(CH)

# Do the programs show what their titles say, with three seeds? P=dropout: one.
# CHECK=1 only looks whether a test of each program holds them, too.
claims: $(if $(CHECK),,all)
	@CHECK=$(CHECK) bash tests/claims.sh $(P)

coverage:
	@$(MAKE) --no-print-directory CONFIG=coverage test
	@bash tests/coverage.sh build/coverage

# ---- 5. Charts, benchmarks, data, housekeeping ------------------------------------

plots: $(if $(CH),ch$(CH),all $(B)/tests/bench/ladder) $(B)/tests/plots/redraw
	@FORMAT='$(FORMAT)' THEME='$(THEME)' TEXT='$(TEXT)' \
	  bash tests/plots.sh $(if $(CH),ch$(CH),$(CHAPTERS) common)

$(B)/tests/plots/redraw: %: %.o $(LIBRARY)
	$(call say,link,$(notdir $@))
	$(Q)$(CC) $(BASE) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

smoke: all
	@bash tests/smoke.sh $(PROGRAMS)

check-stops: all
	@bash tests/stops.sh $(PROGRAMS)

# What `make plots` has drawn, or the files and folders in FIGURES.
check-figures: $(B)/tests/plots/redraw
	@bash tests/figures.sh $(FIGURES)
	@bash tests/plots/words.sh

$(patsubst %.c,$(B)/%,$(BENCH_SOURCES)): %: %.o $(B)/$(BENCH_SUPPORT:.c=.o) $(LIBRARY)
	$(call say,link,$(notdir $@))
	$(Q)$(CC) $(BASE) $(CFLAGS) $(LDFLAGS) $^ $(LIBRARY) $(LDLIBS) -ldl -o $@

bench: all $(patsubst %.c,$(B)/%,$(BENCH_SOURCES))
	@bash tests/bench/run.sh $(B)/tests/bench

deps:
	@command -v bash >/dev/null || { \
	  echo 'deps: the scripts need bash; install it first (Alpine: apk add bash)'; \
	  exit 1; }
	@bash tests/deps.sh
	@rm -f build/*/probe.mk 2>/dev/null || :

mnist fashion:
	@bash tests/fetch.sh $@ data/$@

SOURCES := $(wildcard common/*.[ch] common/*.inc ch0[1-7]_*/*.c tests/*.[ch] \
             tests/ch0[1-7]/*.[ch] tests/bench/*.[ch] tests/plots/*.c)
format:
	@clang-format -i $(SOURCES)

format-check:
	@clang-format --dry-run -Werror $(SOURCES) && echo "format: all $(words $(SOURCES)) files are formatted"

# The lectures' rows in tests/lectures, the READMEs' tables made from them, and
# both against the code; LECTURES=DIR compares the lectures' texts as well.
check-docs:
	@LECTURES="$(LECTURES)" bash tests/check_docs.sh

docs:
	@bash tests/lectures.sh docs

lecture:
	@bash tests/lectures.sh page "$(L)"

tidy:
	clang-tidy --quiet $(COMMON_SOURCES) $(PROGRAM_SOURCES) -- $(BASE)

clean:
	rm -rf build out $(PROGRAMS)

help:
	@echo 'make deps            install compiler tools and libraries'
	@echo 'make                 build every program; binaries land here, ./lenet'
	@echo 'make ch06            build one chapter;  make lenet  one program'
	@echo 'make mnist           fetch the MNIST digits into data/mnist'
	@echo 'make fashion         the same of Fashion-MNIST, clothes instead of digits'
	@echo 'make test            run all tests;  CH=06 one chapter, CH=common the library,'
	@echo '                     P=lenet one program, P="gemm rng" two modules of the library'
	@echo 'make plots           draw every figure into out/index.html;  CH=06 one chapter;'
	@echo '                     FORMAT=png|pdf|tikz THEME=slide|dark TEXT=zh: draw again'
	@echo 'make bench           measure speed beside OpenBLAS and PyTorch'
	@echo 'make smoke           run every program for a second or two'
	@echo 'make check-stops     stop every program in the middle: what does it still claim?'
	@echo 'make check-figures   look at the charts in a browser: texts cut, blurred pixels ...;'
	@echo '                     FIGURES=out/ch06 one folder'
	@echo 'make check-asan      tests under AddressSanitizer and UBSan'
	@echo 'make check-valgrind  library tests under valgrind'
	@echo 'make check-aarch64   library tests cross-compiled for 64-bit Arm, under qemu;'
	@echo '                     check-i686: 32-bit x86;  check-s390x: big-endian'
	@echo 'make mutants         make small mistakes: does a test fail?  CH=06, M=NAME'
	@echo 'make claims          what the titles say, with three seeds;  P=dropout'
	@echo 'make coverage        which lines the tests reach'
	@echo 'make lecture L=A     lecture A (B, C, D) in slide order, with numbers'
	@echo 'make check-docs      lectures, READMEs and code say the same'
	@echo 'make docs            make the tables of the READMEs from tests/lectures anew'
	@echo 'make format          clang-format everything;  make format-check'
	@echo 'make tidy            clang-tidy;  make clean  remove what was built'
	@echo
	@echo 'variables: V=1 (show commands)  CC=clang  CONFIG=release|asan|coverage  CH=06'
	@echo '           BLAS=own|openblas  O=DIR (build there, where this is read-only)'
	@echo '           JUNIT=FILE (test results as XML)  SLOWER=10 (ten times more time)'
	@echo 'programs in reading order, with * to *** for their difficulty:'
	@for c in $(CHAPTERS); do printf '  %s:' $$c; \
	  awk -F '\t' -v c=$${c#ch} '$$1 == c { printf " %s%s", $$2, substr("***", 1, $$3) }' \
	    tests/programs.tsv; echo; \
	done | fold -s -w 78 | sed 's/^\([^ ]\)/        \1/'

endif
