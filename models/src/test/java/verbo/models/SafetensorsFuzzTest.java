// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import verbo.text.FormatException;

/**
 * Malformed files must be refused with a {@link FormatException}, never crash or hang. In the ordinary build the inputs
 * under {@code src/test/resources} are tried; {@code JAZZER_FUZZ=1 mvn test -pl models -Dtest=SafetensorsFuzzTest} looks for
 * new ones.
 */
class SafetensorsFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void anything(byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment whole = arena.allocate(Math.max(1, bytes.length), 64).asSlice(0, bytes.length);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, whole, 0, bytes.length);
            Safetensors.Content content = Safetensors.parse(Path.of("model.safetensors"), whole);
            long end = 0;
            for (Safetensors.Entry entry : content.entries().values()) {
                end += entry.data().byteSize();
            }
            if (end > bytes.length) {
                throw new AssertionError("tensors of " + end + " bytes in a file of " + bytes.length);
            }
        } catch (FormatException e) {
            // refused, as it should be
        }
    }
}
