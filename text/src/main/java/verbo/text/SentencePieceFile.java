// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the {@code .model} files of the SentencePiece library, which are protocol buffers. */
final class SentencePieceFile {
    private static final List<SentencePiece.Algorithm> ALGORITHMS = List.of(SentencePiece.Algorithm.UNIGRAM,
            SentencePiece.Algorithm.BPE, SentencePiece.Algorithm.WORD, SentencePiece.Algorithm.CHARACTER);

    private SentencePieceFile() {}

    static SentencePiece read(Path file, byte[] bytes) throws FormatException {
        List<String> pieces = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        List<SentencePiece.Type> types = new ArrayList<>();
        SentencePiece.Algorithm algorithm = SentencePiece.Algorithm.UNIGRAM;
        CharsMap map = null;
        boolean dummyPrefix = true;
        boolean removeExtraSpaces = true;
        boolean escapeSpaces = true;
        boolean byteFallback = false;
        boolean suffix = false;
        CharsMap back = null;
        String unknownSurface = SentencePiece.UNKNOWN_SURFACE;
        ProtobufReader model = new ProtobufReader(file, bytes, 0, bytes.length);
        while (model.next()) {
            switch (model.field()) {
                case 1 -> {
                    ProtobufReader piece = model.message();
                    String text = "";
                    float score = 0;
                    int type = 1;
                    while (piece.next()) {
                        switch (piece.field()) {
                            case 1 -> text = piece.string();
                            case 2 -> score = piece.real();
                            case 3 -> type = piece.integer();
                            default -> {}
                        }
                    }
                    if (type < 1 || type > SentencePiece.TYPES.size()) {
                        throw model.error("the piece " + pieces.size() + " is of the unknown type " + type);
                    }
                    pieces.add(text);
                    scores.add(score);
                    types.add(SentencePiece.TYPES.get(type - 1));
                }
                case 2 -> {
                    ProtobufReader trainer = model.message();
                    while (trainer.next()) {
                        switch (trainer.field()) {
                            case 3 -> {
                                int type = trainer.integer();
                                if (type < 1 || type > ALGORITHMS.size()) {
                                    throw model.error("the unknown model type " + type);
                                }
                                algorithm = ALGORITHMS.get(type - 1);
                            }
                            case 24 -> suffix = trainer.bool();
                            case 35 -> byteFallback = trainer.bool();
                            case 44 -> unknownSurface = trainer.string();
                            default -> {}
                        }
                    }
                }
                case 3 -> {
                    ProtobufReader normalizer = model.message();
                    while (normalizer.next()) {
                        switch (normalizer.field()) {
                            case 2 -> map = map(file, normalizer);
                            case 3 -> dummyPrefix = normalizer.bool();
                            case 4 -> removeExtraSpaces = normalizer.bool();
                            case 5 -> escapeSpaces = normalizer.bool();
                            default -> {}
                        }
                    }
                }
                case 5 -> {
                    ProtobufReader denormalizer = model.message();
                    while (denormalizer.next()) {
                        back = denormalizer.field() == 2 ? map(file, denormalizer) : back;
                    }
                }
                default -> {}
            }
        }
        if (pieces.isEmpty()) {
            throw model.error("it has no pieces");
        }
        if (!types.contains(SentencePiece.Type.UNKNOWN)) {
            throw model.error("it has no piece for what is unknown");
        }
        float[] scoreArray = new float[scores.size()];
        for (int i = 0; i < scoreArray.length; i++) {
            scoreArray[i] = scores.get(i);
        }
        return new SentencePiece(pieces, scoreArray, types.toArray(SentencePiece.Type[]::new),
                new SentencePiece.Options(algorithm, map, dummyPrefix, removeExtraSpaces, escapeSpaces, byteFallback,
                        suffix, false, List.of(), List.of(), back, unknownSurface));
    }

    private static @Nullable CharsMap map(Path file, ProtobufReader field) throws FormatException {
        byte[] rules = field.byteString();
        try {
            return rules.length == 0 ? null : CharsMap.of(rules);
        } catch (IllegalArgumentException e) {
            throw new FormatException(file, String.valueOf(e.getMessage()), e);
        }
    }
}
