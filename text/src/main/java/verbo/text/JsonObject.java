// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
 * A JSON object read whole, whose every complaint names the file and the key. Jackson's streaming parser underneath: its
 * data binding would take as long to load as a tokenizer takes to read.
 */
final class JsonObject {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private static final int MOST_EXPONENT = 308;
    private static final double[] POWERS = new double[MOST_EXPONENT + 1];

    static {
        for (int i = 0; i <= MOST_EXPONENT; i++) {
            POWERS[i] = Double.parseDouble("1e" + i);
        }
    }

    private final Path file;
    private final String path;
    private final Map<String, @Nullable Object> values;

    private JsonObject(Path file, String path, Map<String, @Nullable Object> values) {
        this.file = file;
        this.path = path;
        this.values = values;
    }

    /** Reads a file's text, which must be one object. */
    static JsonObject parse(Path file, String json) throws FormatException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormatException(file, "not a JSON object");
            }
            Map<String, @Nullable Object> values = object(parser);
            if (parser.nextToken() != null) {
                throw new FormatException(file, "more than one JSON value");
            }
            return new JsonObject(file, "", values);
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

    /** An object made in memory. */
    static JsonObject of(Path file, Map<String, @Nullable Object> values) {
        return new JsonObject(file, "", values);
    }

    /** Writes an object, indented by two. */
    static String write(Map<String, ? extends @Nullable Object> values) {
        StringWriter text = new StringWriter();
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        Separators separators = Separators.createDefaultInstance()
                .withObjectNameValueSpacing(Separators.Spacing.AFTER).withArrayEmptySeparator("");
        PrettyPrinter printer = new DefaultPrettyPrinter(separators).withObjectIndenter(indenter)
                .withArrayIndenter(indenter);
        try (JsonGenerator out = new JsonFactory().createGenerator(new ObjectWriteContext.Base() {
            @Override
            public PrettyPrinter getPrettyPrinter() {
                return printer;
            }

            @Override
            public boolean hasPrettyPrinter() {
                return true;
            }
        }, text)) {
            write(out, values);
        }
        return text.append('\n').toString();
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
            case String string -> out.writeString(string);
            case Boolean bool -> out.writeBoolean(bool);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case Float number -> out.writeNumber(number.doubleValue());
            case Number number -> out.writeNumber(number.doubleValue());
            default -> throw new IllegalArgumentException("no JSON: " + value.getClass());
        }
    }

    private static Map<String, @Nullable Object> object(JsonParser parser) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            values.put(key, value(parser));
        }
        return values;
    }

    private static @Nullable Object value(JsonParser parser) {
        JsonToken token = parser.currentToken();
        if (token == null) {
            return null;
        }
        return switch (token) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> real(parser.getString());
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    /**
     * A number as serde_json reads it, the parser of Hugging Face's tokenizers: its digits, as many as 64 bits hold, times or
     * divided by a power of ten, which may be off by two in the last place. Of two ways to write a word that cost the same,
     * this decides.
     */
    static double real(String text) {
        long digits = 0;
        int exponent = 0;
        boolean fraction = false;
        boolean full = false;
        int at = text.startsWith("-") ? 1 : 0;
        for (; at < text.length() && text.charAt(at) != 'e' && text.charAt(at) != 'E'; at++) {
            char c = text.charAt(at);
            if (c == '.') {
                fraction = true;
                continue;
            }
            int digit = c - '0';
            full |= Long.compareUnsigned(digits, Long.divideUnsigned(-1L - digit, 10)) > 0;
            if (!full) {
                digits = digits * 10 + digit;
            }
            exponent += full ? fraction ? 0 : 1 : fraction ? -1 : 0;
        }
        if (at < text.length()) {
            // beyond a million every digit there is has long become 0 or too much
            exponent += (int) Math.clamp(Double.parseDouble(text.substring(at + 1)), -1e6, 1e6);
        }
        double value = digits >= 0 ? digits : ((digits >>> 1) | (digits & 1)) * 2.0;
        for (; exponent < -MOST_EXPONENT && value != 0; exponent += MOST_EXPONENT) {
            value /= POWERS[MOST_EXPONENT];
        }
        double power = POWERS[Math.min(MOST_EXPONENT, Math.abs(exponent))];
        value = exponent < 0 ? value / power
                : exponent > MOST_EXPONENT && value != 0 ? Double.POSITIVE_INFINITY
                        : value * power;
        return text.startsWith("-") ? -value : value;
    }

    Path file() {
        return file;
    }

    /** The keys, in the order of the file. */
    Iterable<String> keys() {
        return values.keySet();
    }

    int size() {
        return values.size();
    }

    /** Where in the file a key is, as messages write it: {@code model.vocab}. */
    String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    FormatException error(String key, String reason) {
        return new FormatException(file, path(key) + ": " + reason);
    }

    boolean isNull(String key) {
        return values.get(key) == null;
    }

    @Nullable Object raw(String key) {
        return values.get(key);
    }

    @Nullable String string(String key) throws FormatException {
        return typed(key, String.class, "a string");
    }

    String requiredString(String key) throws FormatException {
        return required(key, string(key));
    }

    boolean bool(String key, boolean otherwise) throws FormatException {
        Boolean value = typed(key, Boolean.class, "true or false");
        return value == null ? otherwise : value;
    }

    /** An id: a whole number from 0 up. */
    int id(String key) throws FormatException {
        Number value = required(key, typed(key, Number.class, "a number"));
        if (!(value instanceof Integer) || value.intValue() < 0) {
            throw error(key, "an id must be a whole number from 0 up, not " + value);
        }
        return value.intValue();
    }

    /** A whole number from 0 up. */
    int integer(String key, int otherwise) throws FormatException {
        Number value = typed(key, Number.class, "a number");
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Long || (value instanceof BigInteger big && big.signum() > 0)) {
            return value.doubleValue() < 0 ? 0 : Integer.MAX_VALUE; // no limit, as some write it
        }
        return id(key);
    }

    @Nullable JsonObject object(String key) throws FormatException {
        Map<?, ?> value = typed(key, Map.class, "an object");
        return value == null ? null : child(path(key), value);
    }

    JsonObject requiredObject(String key) throws FormatException {
        return required(key, object(key));
    }

    List<? extends @Nullable Object> list(String key) throws FormatException {
        List<?> value = typed(key, List.class, "an array");
        return value == null ? List.of() : value;
    }

    /** An array of objects. */
    List<JsonObject> objects(String key) throws FormatException {
        List<JsonObject> objects = new ArrayList<>();
        for (Object value : list(key)) {
            String place = key + "[" + objects.size() + "]";
            if (!(value instanceof Map<?, ?> map)) {
                throw error(place, "must be an object");
            }
            objects.add(child(path(place), map));
        }
        return objects;
    }

    private <T> @Nullable T typed(String key, Class<T> type, String name) throws FormatException {
        Object value = values.get(key);
        if (value != null && !type.isInstance(value)) {
            throw error(key, "must be " + name);
        }
        return type.cast(value);
    }

    private <T> T required(String key, @Nullable T value) throws FormatException {
        if (value == null) {
            throw error(key, "is missing");
        }
        return value;
    }

    @SuppressWarnings("unchecked") // every map here was built by object(JsonParser)
    private JsonObject child(String place, Map<?, ?> map) {
        return new JsonObject(file, place, (Map<String, @Nullable Object>) map);
    }
}
