# In front of Meson, so that one word does it, on a machine that has nothing yet too.
# The work is in tools/: bootstrap.sh finds what is missing, build.sh builds, check.sh tests.

BUILD ?= build
export BUILD

.PHONY: all bench demo check check-all fuzz kernels mutants peers lint install clean help

all:
	@tools/bootstrap.sh build
	@tools/build.sh $(BUILD)

demo: all
	@$(BUILD)/src/cli/finis lab --demo

check:
	@tools/bootstrap.sh build check
	@tools/check.sh default

check-all:
	@.ci/run

# Breaks each rule of the model and asks the kernel whether it notices.
mutants: all
	@ninja -C $(BUILD) tests/lab/mutants
	@MUTANTS_EQUIVALENT=tests/lab/equivalent.txt $(BUILD)/tests/lab/mutants

# Debian's kernels from 5.10 to the newest, emulated; writes docs/kernels.md anew. KERNEL names some of them.
kernels: all
	@tools/kernels/run.sh $(KERNEL)

# Real servers and clients under finis run, finis watch and finis read at once, held against their own logs.
# What is missing is installed if you are root; else its cases are skipped. PEERS names some: PEERS=nginx.
peers: all
	-@tools/bootstrap.sh peers
	@tools/peers.sh $(BUILD) $(PEERS)

# What reading costs, beside the least that it can cost and beside peers; BENCH_DIR says where 3 GB may lie.
bench:
	@tools/bench.py $(BENCH) $(BUILD)

# Each fuzzer for SECONDS seconds, on seeds that are generated; what it finds stays in build-fuzz.
fuzz:
	@tools/bootstrap.sh build fuzz
	@tools/fuzz.sh $(if $(SECONDS),$(SECONDS),900) $(FUZZ)

lint:
	@tools/bootstrap.sh lint
	@python3 tests/house/tree.py

install: all
	@meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir '$(DESTDIR)')

clean:
	rm -rf $(BUILD) build-gcc build-clang build-sanitize build-fuzz build-bench

help:
	@echo 'make            build the command: $(BUILD)/src/cli/finis'
	@echo 'make demo       show two endings, as this kernel makes them'
	@echo 'make check      build and run all tests with the default compiler'
	@echo 'make check-all  the same with gcc, clang, and the sanitizers'
	@echo 'make mutants    break each rule of the model: does the kernel notice? (minutes)'
	@echo 'make kernels    the lab on five kernels under QEMU (minutes each; KERNEL=6.1 for one)'
	@echo 'make fuzz       each fuzzer for 15 minutes, or SECONDS=60; FUZZ names one of them'
	@echo 'make bench      measure finis read, and the peers that are installed'
	@echo 'make peers      hold finis against nginx, redis, PostgreSQL, HAProxy, sshd and their logs'
	@echo 'make lint       look at the tree itself: includes, comments, man pages'
	@echo 'make install    install under the prefix that meson was given; DESTDIR works'
	@echo 'make clean      remove what was built'
	@echo
	@echo 'What is missing on Debian is installed if you are root, else named.'
