// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import verbo.tensor.Storage;

/**
 * The CPU's memory: blocks that are handed out, taken back and handed out again, so that a step allocates what the step
 * before it gave back.
 *
 * <p>
 * Kernels read and write by address, through {@link #ALL}: one constant segment over all memory. Its bounds check folds to a
 * sign test, and no kernel is compiled again for another kind of segment. What keeps an address valid is the check of shapes
 * and lives in the tensor above.
 */
final class Memory {
    /** All of native memory. */
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /** Blocks from this size on come straight from the system, in huge pages where it has them. */
    private static final long LARGE = 1 << 20;

    /**
     * Large blocks begin so many bytes, times 0 to 12 by turns, behind the start of a page. Where tensors of the same size, which
     * are read and written side by side, lie a power of two apart, they take turns at the same places of caches and the same banks
     * of memory: AdamW over four of 128 MiB runs at less than half the speed.
     */
    private static final long STAGGER = 17 << 10;

    private static final int STAGGERS = 13;

    private static final int CLASSES_AN_OCTAVE = 8;
    /** How many classes above its own a freed block may be of: at most a third of it is then not used. */
    private static final int CLASSES_ABOVE = 3;

    /** Bytes of the machine's memory. Linux would promise more and then end a process that takes it at its word. */
    private static final long MACHINE = machine();

    /** Memory of this engine or, without an arena, of somebody else. */
    static final class Block extends Storage {
        private final long address;
        private final long capacity;
        private final int sizeClass;
        private final @Nullable Arena arena;
        /** Of somebody else's memory: keeps it reachable. */
        private final @Nullable MemorySegment wrapped;

        private Block(long address, long capacity, int sizeClass, @Nullable Arena arena,
                @Nullable MemorySegment wrapped) {
            this.address = address;
            this.capacity = capacity;
            this.sizeClass = sizeClass;
            this.arena = arena;
            this.wrapped = wrapped;
        }

        boolean isReadOnly() {
            return wrapped != null && wrapped.isReadOnly();
        }

        long address() {
            return address;
        }

        long capacity() {
            return capacity;
        }

        private void endLife() {
            end();
        }
    }

    private final ArrayDeque<Block>[] free = lists();
    private long reserved;
    private int stagger;
    private boolean closed;

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static ArrayDeque<Block>[] lists() {
        ArrayDeque<Block>[] lists = new ArrayDeque[64 * CLASSES_AN_OCTAVE];
        java.util.Arrays.setAll(lists, i -> new ArrayDeque<>());
        return lists;
    }

    /**
     * A block of at least this size: a freed one of the same size class, or of one that is little larger, or else a new one. By
     * the same class alone, batches that are all of another length would each keep memory of their own.
     */
    synchronized Block allocate(long bytes) {
        if (closed) {
            throw new IllegalStateException("this engine is closed: nothing can be allocated from it");
        }
        if (bytes < 0) {
            throw new IllegalArgumentException("memory of " + bytes + " bytes");
        }
        int sizeClass = sizeClass(Math.max(64, bytes));
        for (int i = sizeClass; i <= Math.min(sizeClass + CLASSES_ABOVE, free.length - 1); i++) {
            Block freed = free[i].pollLast();
            if (freed != null) {
                return freed;
            }
        }
        long capacity = capacity(sizeClass);
        if (capacity < bytes || capacity > MACHINE - reserved) { // or it is beyond what a long counts
            release();
            if (capacity < bytes || capacity > MACHINE - reserved) {
                throw new OutOfMemoryError(
                        "tensors of " + ((reserved >> 20) + (bytes >> 20)) + " MiB, where the machine has "
                                + (MACHINE >> 20));
            }
        }
        Block block;
        try {
            block = fresh(capacity, sizeClass);
        } catch (OutOfMemoryError e) {
            release();
            block = fresh(capacity, sizeClass);
        }
        reserved += capacity;
        return block;
    }

    private static long machine() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("MemTotal:")) // and a number of kB
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException | UncheckedIOException e) {
            return Long.MAX_VALUE; // no Linux: its own allocation refuses
        }
    }

    private Block fresh(long capacity, int sizeClass) {
        Arena arena = Arena.ofShared();
        if (capacity >= LARGE) {
            long before = STAGGER * stagger;
            stagger = (stagger + 1) % STAGGERS;
            long bytes = before + capacity;
            long address = Pages.map(bytes);
            if (address != 0) {
                MemorySegment.ofAddress(address).reinterpret(bytes, arena,
                        segment -> Pages.unmap(segment.address(), bytes));
                return new Block(address + before, capacity, sizeClass, arena, null);
            }
        }
        return new Block(arena.allocate(capacity, 64).address(), capacity, sizeClass, arena, null);
    }

    static Block wrap(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("only native or mapped memory can be wrapped by the CPU engine");
        }
        return new Block(segment.address(), segment.byteSize(), -1, null, segment);
    }

    synchronized void free(Block block) {
        block.endLife();
        if (block.arena == null || !block.arena.scope().isAlive()) { // somebody else's, or given back before
            return;
        }
        if (closed) {
            block.arena.close();
            reserved -= block.capacity;
        } else {
            free[block.sizeClass].addLast(block);
        }
    }

    /** Gives back what is not in use now, and the rest as it is freed. */
    synchronized void close() {
        closed = true;
        release();
    }

    /** Gives back to the system what is not in use. */
    synchronized void release() {
        for (ArrayDeque<Block> list : free) {
            for (Block block : list) {
                java.util.Objects.requireNonNull(block.arena).close();
                reserved -= block.capacity;
            }
            list.clear();
        }
    }

    synchronized long reserved() {
        return reserved;
    }

    /** Eight classes between a power of two and the next: at most an eighth of a block is not used. */
    private static int sizeClass(long bytes) {
        int octave = 63 - Long.numberOfLeadingZeros(bytes);
        long step = (1L << octave) / CLASSES_AN_OCTAVE;
        int within = (int) ((bytes - (1L << octave) + step - 1) / step);
        return octave * CLASSES_AN_OCTAVE + within;
    }

    private static long capacity(int sizeClass) {
        long octave = 1L << (sizeClass / CLASSES_AN_OCTAVE);
        return octave + sizeClass % CLASSES_AN_OCTAVE * (octave / CLASSES_AN_OCTAVE);
    }

    static long address(verbo.tensor.Tensor tensor) {
        return ((Block) tensor.storage()).address() + tensor.offset() * tensor.dtype().bytes();
    }

    /** The address of a tensor that is written to from outside: a mapped file may not be, and would end the process. */
    static long writable(verbo.tensor.Tensor tensor) {
        if (((Block) tensor.storage()).isReadOnly()) {
            throw new IllegalStateException(
                    "a tensor " + tensor.shape()
                            + " over read-only memory cannot be written to: copy it with Scope.copy");
        }
        return address(tensor);
    }

    static float get(long address) {
        return ALL.get(FLOAT, address);
    }

    static void set(long address, float value) {
        ALL.set(FLOAT, address, value);
    }

    static int getInt(long address) {
        return ALL.get(INT, address);
    }

    /**
     * Anonymous memory straight from Linux, in pages of 2 MiB where the system allows: large matrices otherwise spend a good
     * part of their time on address translation. Elsewhere {@link #map} gives 0 and the JDK's own allocation serves.
     */
    private static final class Pages {
        private static final int READ_WRITE = 3;
        private static final int PRIVATE_ANONYMOUS = 0x22;
        private static final int HUGE = 14;

        private static final @Nullable MethodHandle MMAP;
        private static final @Nullable MethodHandle MUNMAP;
        private static final @Nullable MethodHandle MADVISE;

        static {
            MethodHandle mmap = null;
            MethodHandle munmap = null;
            MethodHandle madvise = null;
            if (System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
                ValueLayout.OfLong pointer = ValueLayout.JAVA_LONG;
                ValueLayout.OfInt number = ValueLayout.JAVA_INT;
                mmap = handle("mmap",
                        FunctionDescriptor.of(pointer, pointer, pointer, number, number, number, pointer));
                munmap = handle("munmap", FunctionDescriptor.of(number, pointer, pointer));
                madvise = handle("madvise", FunctionDescriptor.of(number, pointer, pointer, number));
            }
            MMAP = mmap;
            MUNMAP = munmap;
            MADVISE = madvise;
        }

        private static @Nullable MethodHandle handle(String name, FunctionDescriptor type) {
            Linker linker = Linker.nativeLinker();
            return linker.defaultLookup().find(name).map(symbol -> linker.downcallHandle(symbol, type)).orElse(null);
        }

        static long map(long bytes) {
            if (MMAP == null || MUNMAP == null || MADVISE == null) {
                return 0;
            }
            try {
                long address = (long) MMAP.invokeExact(0L, bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
                if (address == -1) {
                    throw new OutOfMemoryError("the system has no " + (bytes >> 20) + " MiB left for tensors");
                }
                int ignored = (int) MADVISE.invokeExact(address, bytes, HUGE); // only advice: refused, small pages serve
                return address;
            } catch (OutOfMemoryError e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("mmap could not be called", e);
            }
        }

        static void unmap(long address, long bytes) {
            try {
                int ignored = (int) java.util.Objects.requireNonNull(MUNMAP).invokeExact(address, bytes);
            } catch (Throwable e) {
                throw new IllegalStateException("munmap could not be called", e);
            }
        }
    }
}
