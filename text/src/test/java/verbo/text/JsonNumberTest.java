// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Numbers as serde_json rounds them; the values that differ from Java's are what tokenizers 0.23 wrote again. */
class JsonNumberTest {
    @Test
    void roundsAsTokenizersDoes() {
        assertThat(JsonObject.real("-2.0122928619384766")).isEqualTo(-2.012292861938477);
        assertThat(JsonObject.real("-3.9598512649536133")).isEqualTo(-3.9598512649536137);
        assertThat(JsonObject.real("-7.4370903968811035")).isEqualTo(-7.437090396881104);
        assertThat(JsonObject.real("1.5e3")).isEqualTo(1500);
        assertThat(JsonObject.real("0.0")).isZero();
        assertThat(JsonObject.real("-1e-400")).isZero();
        assertThat(JsonObject.real("1e400")).isInfinite();
        assertThat(JsonObject.real("123456789012345678901234567890.5")).isEqualTo(1.2345678901234568e29);
    }

    @Test
    void isOffByOneInTheLastPlaceAtMost() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 20_000; i++) {
            double value = (random.nextDouble() - 0.5) * Math.pow(10, random.nextInt(-20, 20));
            double read = JsonObject.real(Double.toString(value));
            assertThat(Math.abs(read - value)).isLessThanOrEqualTo(Math.ulp(value));
        }
    }
}
