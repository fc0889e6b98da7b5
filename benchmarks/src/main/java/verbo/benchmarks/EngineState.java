// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.benchmarks;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import verbo.tensor.Engine;

/** An engine of some threads, and a scope that holds what is measured. */
@State(Scope.Benchmark)
public class EngineState {
    /** How many threads compute. */
    @Param({"1", "2"})
    public int threads;

    Engine engine = Engine.cpu();
    verbo.tensor.Scope scope = verbo.tensor.Scope.lasting(engine);

    /** Makes the engine. */
    @Setup(Level.Trial)
    public void open() {
        engine = Engine.cpu(threads);
        scope = verbo.tensor.Scope.lasting(engine);
    }

    /** Ends its threads. */
    @TearDown(Level.Trial)
    public void close() {
        scope.close();
        engine.close();
    }
}
