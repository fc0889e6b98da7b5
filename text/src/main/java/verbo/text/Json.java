// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;

/**
 * JSON objects as maps: what files say of themselves, and what commands print. Values are maps, lists, texts, numbers and
 * booleans; null, and numbers that are not finite, are written as null. {@link JsonObject} reads those of others, whose every
 * value has to be doubted.
 *
 * <p>
 * Jackson's streaming parser is underneath: its data binding would take as long to load as a tokenizer takes to read.
 */
public final class Json {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private Json() {}

    /** Writes an object, atomically, to be read by people too. */
    public static void write(Path file, Map<String, ? extends @Nullable Object> values) throws IOException {
        AtomicFiles.write(file, out -> out.write(indented(values).getBytes(StandardCharsets.UTF_8)));
    }

    /** An object on one line, without its end. */
    public static String line(Map<String, ? extends @Nullable Object> values) {
        return text(ObjectWriteContext.empty(), out -> write(out, values));
    }

    /** An object indented by two, with a line end. */
    static String indented(Map<String, ? extends @Nullable Object> values) {
        return indented(out -> write(out, values));
    }

    /** What is written to a generator, indented by two, with a line end: for what would be too much to hold as maps. */
    static String indented(Consumer<JsonGenerator> writer) {
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        Separators separators = Separators.createDefaultInstance()
                .withObjectNameValueSpacing(Separators.Spacing.AFTER).withArrayEmptySeparator("");
        PrettyPrinter printer = new DefaultPrettyPrinter(separators).withObjectIndenter(indenter)
                .withArrayIndenter(indenter);
        return text(new ObjectWriteContext.Base() {
            @Override
            public PrettyPrinter getPrettyPrinter() {
                return printer;
            }

            @Override
            public boolean hasPrettyPrinter() {
                return true;
            }
        }, writer) + "\n";
    }

    private static String text(ObjectWriteContext context, Consumer<JsonGenerator> writer) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(context, text)) {
            writer.accept(out);
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, @Nullable Object value) {
        switch (value) {
            case null -> out.writeNull();
            case Map<?, ?> map -> {
                out.writeStartObject();
                map.forEach((key, inside) -> {
                    out.writeName(String.valueOf(key));
                    write(out, inside);
                });
                out.writeEndObject();
            }
            case List<?> list -> {
                out.writeStartArray();
                list.forEach(inside -> write(out, inside));
                out.writeEndArray();
            }
            case Boolean bool -> out.writeBoolean(bool);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case Number number when !Double.isFinite(number.doubleValue()) -> out.writeNull();
            case Number number -> out.writeNumber(number.doubleValue());
            default -> out.writeString(value.toString());
        }
    }

    /**
     * Reads a file that is an object. Whole numbers are {@link Long}, others {@link Double}; what is null is left out.
     *
     * @throws FormatException
     *             if it is none
     */
    public static Map<String, Object> read(Path file) throws IOException {
        return withoutNulls(object(file, Files.readAllBytes(file), Double::parseDouble));
    }

    /**
     * Reads an object, as {@link #read}.
     *
     * @param file
     *            that it is from, for messages
     */
    public static Map<String, Object> parse(Path file, String json) throws FormatException {
        return withoutNulls(object(file, json, Double::parseDouble));
    }

    private static Map<String, Object> withoutNulls(Map<?, ?> values) {
        Map<String, Object> map = new LinkedHashMap<>();
        values.forEach((key, value) -> {
            if (value != null) {
                map.put((String) key, withoutNulls(value));
            }
        });
        return map;
    }

    private static Object withoutNulls(Object value) {
        return switch (value) {
            case Map<?, ?> map -> withoutNulls(map);
            case List<?> list -> list.stream().map(Json::withoutNulls).toList();
            case Integer number -> number.longValue();
            default -> value;
        };
    }

    /** Reads the one object there is, with its nulls, and whole numbers of the least type that holds them. */
    static Map<String, @Nullable Object> object(Path file, byte[] utf8, ToDoubleFunction<String> reals)
            throws FormatException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), utf8)) {
            return object(file, parser, reals);
        }
    }

    /** The same of a text. */
    static Map<String, @Nullable Object> object(Path file, String json, ToDoubleFunction<String> reals)
            throws FormatException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
            return object(file, parser, reals);
        }
    }

    private static Map<String, @Nullable Object> object(Path file, JsonParser parser, ToDoubleFunction<String> reals)
            throws FormatException {
        try {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormatException(file, "not a JSON object");
            }
            Map<String, @Nullable Object> values = object(parser, reals);
            if (parser.nextToken() != null) {
                throw new FormatException(file, "more than one JSON value");
            }
            return values;
        } catch (JacksonException e) {
            String place = e.getLocation() == null
                    ? ""
                    : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
            String message = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("malformed");
            int source = message.indexOf(" (start marker at ["); // which says nothing
            throw new FormatException(file, "not whole, well-formed JSON: "
                    + (source < 0 ? message : message.substring(0, source)) + place, e);
        }
    }

    private static Map<String, @Nullable Object> object(JsonParser parser, ToDoubleFunction<String> reals) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            values.put(key, value(parser, reals));
        }
        return values;
    }

    private static @Nullable Object value(JsonParser parser, ToDoubleFunction<String> reals) {
        JsonToken token = parser.currentToken();
        if (token == null) {
            return null;
        }
        return switch (token) {
            case START_OBJECT -> object(parser, reals);
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser, reals));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> reals.applyAsDouble(parser.getString());
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }
}
