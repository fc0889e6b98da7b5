// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;

/** Takes something and may fail while reading or writing. */
@FunctionalInterface
public interface IOConsumer<T> {
    void accept(T value) throws IOException;
}
