// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

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
    void roundsTwiceAsTokenizersDoes() {
        // two units in the last place from what Java reads
        assertThat(JsonObject.real("-9.844827897348663e-08")).isEqualTo(-9.844827897348665e-08);
        assertThat(JsonObject.real("9.135678971722583e-14")).isEqualTo(9.135678971722585e-14);
        assertThat(JsonObject.real("9.913723104151917e-17")).isEqualTo(9.913723104151915e-17);
        assertThat(JsonObject.real("2.3138099112226118e-07")).isEqualTo(2.3138099112226123e-07);
    }
}
