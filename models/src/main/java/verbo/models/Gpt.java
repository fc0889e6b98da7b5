// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.nn.Embedding;
import verbo.nn.Initialization;
import verbo.nn.LayerNorm;
import verbo.nn.Linear;
import verbo.nn.Parameter;
import verbo.nn.Seeds;
import verbo.tensor.Attention;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Tokenizer;

/**
 * GPT-2: a Transformer decoder with learnt positions and normalisation before each part of a block.
 *
 * <p>
 * Radford, Wu, Child, Luan, Amodei, Sutskever: Language Models are Unsupervised Multitask Learners, 2019; after Radford,
 * Narasimhan, Salimans, Sutskever: Improving Language Understanding by Generative Pre-Training, 2018. The weights have
 * the names and layout of Hugging Face's GPT-2 and are first drawn as the paper says, or as its published code does.
 *
 * <p>
 * In shapes, b is the batch, t time, c the width, h heads of width d = c / h, v the vocabulary; {@code ..} stands for b, t in
 * whole sequences and for the tokens of a pass over a cache.
 */
public final class Gpt extends CausalTransformer implements TrainableLanguageModel {
    private final GptConfig config;
    private final Engine engine;
    private final Scope scope;
    private final List<Parameter> parameters = new ArrayList<>();
    private final boolean frozen;
    private final @Nullable Safetensors file;

    private final Embedding tokenEmbedding; // wte [v, c]
    private final Embedding placeEmbedding; // wpe [context, c]
    private final List<Block> blocks = new ArrayList<>();
    private final LayerNorm lastNorm; // ln_f
    private final Parameter head; // [v, c], the token embedding itself where they are tied

    private boolean recompute;

    /**
     * Takes parameters from a source.
     *
     * @param scope
     *            holds them; closed with this model
     * @param scaleResiduals
     *            see {@link #create(Engine, GptConfig, boolean, long)}
     * @param file
     *            closed after the scope, or null
     */
    Gpt(GptConfig config, Scope scope, ParameterSource source, boolean scaleResiduals, @Nullable Safetensors file)
            throws IOException {
        this.config = config;
        this.engine = scope.engine();
        this.scope = scope;
        this.file = file;
        Initialization normal = Initialization.normal(config.initializerRange());
        Initialization residual = scaleResiduals
                ? Initialization.normal(config.initializerRange() / Math.sqrt(2.0 * config.layers()))
                : normal;
        int c = config.width();
        String root = "transformer.";
        tokenEmbedding = new Embedding(take(source, root + "wte.weight", normal, config.vocabularySize(), c));
        placeEmbedding = new Embedding(take(source, root + "wpe.weight", normal, config.contextLength(), c));
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = root + "h." + layer + ".";
            blocks.add(new Block(config, layer, norm(source, name + "ln_1"),
                    linear(source, name + "attn.c_attn", normal, c, 3 * c),
                    linear(source, name + "attn.c_proj", residual, c, c), norm(source, name + "ln_2"),
                    linear(source, name + "mlp.c_fc", normal, c, config.innerWidth()),
                    linear(source, name + "mlp.c_proj", residual, config.innerWidth(), c)));
        }
        lastNorm = norm(source, root + "ln_f");
        head = config.tiedEmbeddings()
                ? tokenEmbedding.weight()
                : take(source, "lm_head.weight", normal, config.vocabularySize(), c);
        frozen = parameters.stream().allMatch(Parameter::frozen);
    }

    /** A new model with weights drawn as GPT-2's paper says. The same seed gives the same weights. */
    public static Gpt create(Engine engine, GptConfig config, long seed) {
        return create(engine, config, true, seed);
    }

    /**
     * A new model. The same seed gives the same weights.
     *
     * @param scaleResiduals
     *            whether the 2 · layers linear layers that add to what passes through are drawn narrower by the root of their
     *            number, as GPT-2's paper says and Hugging Face does; else all are drawn alike, as in OpenAI's published code
     */
    public static Gpt create(Engine engine, GptConfig config, boolean scaleResiduals, long seed) {
        Scope scope = Scope.lasting(engine);
        int[] drawn = {0};
        ParameterSource source = (name, initial, decays, lengths) -> {
            Tensor value = scope.empty(DType.F32, lengths);
            initial.fill(value, Seeds.derive(seed, drawn[0]++));
            return new Parameter(name, value, decays, false);
        };
        try {
            return new Gpt(config, scope, source, scaleResiduals, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing is read
        }
    }

    @Override
    public void recompute(boolean blocks) {
        this.recompute = blocks;
    }

    private Parameter take(ParameterSource source, String name, Initialization initial, int... lengths)
            throws IOException {
        Parameter parameter = source.parameter(name, initial, lengths.length > 1, lengths);
        parameters.add(parameter);
        return parameter;
    }

    private Linear linear(ParameterSource source, String name, Initialization initial, int in, int out)
            throws IOException {
        return new Linear(take(source, name + ".weight", initial, in, out),
                config.bias() ? take(source, name + ".bias", Initialization.ZEROS, out) : null);
    }

    private LayerNorm norm(ParameterSource source, String name) throws IOException {
        Parameter gain = take(source, name + ".weight", Initialization.ONES, config.width());
        Parameter bias = config.bias()
                ? take(source, name + ".bias", Initialization.ZEROS, config.width())
                : new Parameter(name + ".bias", scope.zeros(config.width()), false, true);
        return new LayerNorm(gain, bias, (float) config.layerNormEpsilon());
    }

    // ---- the model

    /** Attention, then a feed-forward layer, each added to what passes through. */
    private record Block(GptConfig config, int layer, LayerNorm attentionNorm, Linear attentionIn, Linear attentionOut,
            LayerNorm feedForwardNorm, Linear feedForwardIn, Linear feedForwardOut) {

        Tensor forward(Tensor before, SelfAttention attention, Dropout dropout) {
            int c = config.width();
            Tensor x = before; // [.., c]

            Tensor qkv = attentionIn.forward(attentionNorm.forward(x)); // [.., 3c]
            Tensor q = qkv.slice(-1, 0, c); // [.., c]
            Tensor k = qkv.slice(-1, c, 2 * c); // [.., c]
            Tensor v = qkv.slice(-1, 2 * c, 3 * c); // [.., c]
            Tensor attended = attention.attend(layer, options(), c / config.heads(), q, k, v); // [.., c]
            x = x.add(dropout.apply(attentionOut.forward(attended), config.residualDropout())); // [.., c]

            Tensor inner = feedForwardIn.forward(feedForwardNorm.forward(x)).apply(config.activation()); // [.., 4c]
            return x.add(dropout.apply(feedForwardOut.forward(inner), config.residualDropout())); // [.., c]
        }

        private Attention options() {
            double scale = config.scaleAttention() ? 1 / Math.sqrt((double) config.width() / config.heads()) : 1;
            return new Attention((float) (config.scaleByLayer() ? scale / (layer + 1) : scale), true, null);
        }
    }

    private Tensor forward(Tensor ids, Tensor placed, SelfAttention attention, Dropout dropout) {
        Tensor x = dropout.apply(tokenEmbedding.forward(ids).add(placed), config.embeddingDropout()); // [.., c]
        for (Block block : blocks) {
            if (forgets(x)) {
                // Nothing of a block is needed after it but its result, so the next one may use its memory.
                try (Scope _ = Scope.open(engine)) {
                    engine.copy(block.forward(x, attention, dropout), x, false); // [.., c]
                }
            } else if (recompute) {
                int place = dropout.place();
                x = x.recompute(before -> {
                    dropout.goTo(place);
                    return block.forward(before, attention, dropout);
                }); // [.., c]
            } else {
                x = block.forward(x, attention, dropout); // [.., c]
            }
        }
        return lastNorm.forward(x); // [.., c]
    }

    /** Whether no gradient will be asked of what is computed from x. */
    private boolean forgets(Tensor x) {
        return !x.requiresGradient() && (frozen || !tokenEmbedding.weight().frozen());
    }

    /** Whole sequences, ids [b, t], from the first place on: [b, t, c]. */
    private Tensor forward(Tensor ids, Dropout dropout) {
        if (ids.rank() != 2 || ids.length(1) > config.contextLength()) {
            throw new IllegalArgumentException("ids [batch, time] are at most " + config.contextLength()
                    + " long, the context: not " + ids.shape());
        }
        Tensor placed = placeEmbedding.weight().value().slice(0, 0, ids.length(1)); // [t, c]
        double attentionDropout = dropout.active ? config.attentionDropout() : 0;
        SelfAttention within = (layer, options, d, q, k, v) -> {
            int b = ids.length(0);
            int t = ids.length(1);
            Attention dropping = attentionDropout == 0
                    ? options
                    : options.withDropout((float) attentionDropout, dropout.next());
            Tensor attended = heads(q, d).attention(heads(k, d), heads(v, d), dropping); // [b, h, t, d]
            return attended.transpose(1, 2).reshape(b, t, config.width()); // [b, t, c]
        };
        return forward(ids, placed, within, dropout);
    }

    private static Tensor heads(Tensor x, int d) {
        return x.reshape(x.length(0), x.length(1), x.length(2) / d, d).transpose(1, 2); // [b, t, c] to [b, h, t, d]
    }

    // ---- its uses

    @Override
    public Tensor loss(Tensor ids, Tensor targets, long dropoutSeed, boolean training) {
        Tensor hidden = forward(ids, training ? new Dropout(dropoutSeed, true) : Dropout.NONE); // [b, t, c]
        return hidden.linearCrossEntropy(output(), targets); // []
    }

    /** Logits {@code [batch, time, vocabulary]} of the token after each place of {@code ids [batch, time]} (I32). */
    public Tensor logits(Tensor ids) {
        return hidden(ids).linear(output(), null); // [b, t, v]
    }

    @Override
    Tensor hidden(Tensor ids) {
        return forward(ids, Dropout.NONE); // [b, t, c]
    }

    @Override
    Tensor hidden(Tensor ids, Tensor places, SelfAttention attention) {
        return forward(ids, placeEmbedding.forward(places), attention, Dropout.NONE); // [tokens, c]
    }

    @Override
    Tensor output() {
        return head.value().transpose(0, 1); // [c, v]
    }

    @Override
    public LanguageModel languageModel(@Nullable Tokenizer tokenizer) {
        return new TransformerLanguageModel(this, tokenizer, config.beginToken(), config.endTokens(), () -> {});
    }

    @Override
    public void save(Path folder) throws IOException {
        GptCheckpoint.save(this, folder);
    }

    // ---- what it is

    /** The shape. */
    public GptConfig config() {
        return config;
    }

    @Override
    public Engine engine() {
        return engine;
    }

    @Override
    public List<Parameter> parameters() {
        return List.copyOf(parameters);
    }

    @Override
    int layers() {
        return config.layers();
    }

    @Override
    int width() {
        return config.width();
    }

    @Override
    int keyWidth() {
        return config.width();
    }

    @Override
    public int contextLength() {
        return config.contextLength();
    }

    @Override
    public int vocabularySize() {
        return config.vocabularySize();
    }

    @Override
    public String description() {
        return String.format(Locale.ROOT,
                "GPT: %d layer%s, %d head%s, %d wide, context %d, vocabulary %d: %,d parameters", config.layers(),
                config.layers() == 1 ? "" : "s", config.heads(), config.heads() == 1 ? "" : "s", config.width(),
                config.contextLength(), config.vocabularySize(), parameterCount());
    }

    @Override
    public String toString() {
        return description();
    }

    @Override
    public void close() {
        scope.close();
        if (file != null) {
            file.close();
        }
    }
}
