// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class ScheduleTest {
    @Test
    void warmsUpAndComesDownAlongACosine() {
        Schedule schedule = new Schedule.Cosine(1e-3, 1e-4, 100, 2000);
        assertThat(schedule.rate(0)).isEqualTo(1e-3 / 101);
        assertThat(schedule.rate(99)).isEqualTo(1e-3 * 100 / 101);
        assertThat(schedule.rate(100)).isCloseTo(1e-3, within(1e-18));
        assertThat(schedule.rate(1050)).isCloseTo(5.5e-4, within(1e-18));
        assertThat(schedule.rate(1999)).isCloseTo(1e-4 + 0.5 * (1 + Math.cos(Math.PI * 1899 / 1900)) * 9e-4,
                within(1e-18));
        assertThat(schedule.rate(2000)).isEqualTo(1e-4);
        assertThat(schedule.rate(5000)).isEqualTo(1e-4);
    }

    @Test
    void comesDownAlongALine() {
        Schedule schedule = new Schedule.Linear(1, 0, 0, 10);
        assertThat(schedule.rate(0)).isEqualTo(1);
        assertThat(schedule.rate(5)).isEqualTo(0.5);
        assertThat(schedule.rate(10)).isZero();
        assertThat(schedule.rate(11)).isZero();
        assertThat(new Schedule.Linear(1, 0.5, 3, 3).rate(2)).isEqualTo(0.75);
        assertThat(new Schedule.Linear(1, 0.5, 3, 3).rate(3)).isEqualTo(1);
    }

    @Test
    void staysWhereItIs() {
        assertThat(new Schedule.Constant(0.1, 0).rate(0)).isEqualTo(0.1);
        assertThat(new Schedule.Constant(0.1, 1).rate(0)).isEqualTo(0.05);
        assertThat(new Schedule.Constant(0.1, 1).rate(77)).isEqualTo(0.1);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> new Schedule.Cosine(1e-3, 1e-2, 0, 10)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0.001").hasMessageContaining("0.01");
        assertThatThrownBy(() -> new Schedule.Constant(Double.NaN, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Schedule.Constant(1, -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
