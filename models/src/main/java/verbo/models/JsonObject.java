// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import verbo.text.AtomicFiles;
import verbo.text.FormatException;

/** A JSON object of a checkpoint, read whole. Every complaint names the file and the key. */
final class JsonObject {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private final Path file;
    private final Map<String, @Nullable Object> values;

    private JsonObject(Path file, Map<String, @Nullable Object> values) {
        this.file = file;
        this.values = values;
    }

    static JsonObject read(Path file) throws IOException {
        return parse(file, Files.readAllBytes(file));
    }

    /** Parses a file's UTF-8 bytes, which must be one object. */
    static JsonObject parse(Path file, byte[] json) throws FormatException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormatException(file, "not a JSON object");
            }
            Map<String, @Nullable Object> values = object(parser);
            if (parser.nextToken() != null) {
                throw new FormatException(file, "more than one JSON value");
            }
            return new JsonObject(file, values);
        } catch (JacksonException e) {
            String place = e.getLocation() == null
                    ? ""
                    : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
            String message = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("malformed");
            throw new FormatException(file, "not whole, well-formed JSON: " + message + place, e);
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
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    Path file() {
        return file;
    }

    Set<String> keys() {
        return values.keySet();
    }

    /** Whether the key is there, be it with a null. */
    boolean has(String key) {
        return values.containsKey(key);
    }

    @Nullable Object raw(String key) {
        return values.get(key);
    }

    FormatException error(String key, String reason) {
        return new FormatException(file, key + ": " + reason);
    }

    /** A whole number that must be there. */
    int requiredInt(String key) throws FormatException {
        return wholeNumber(key, required(key));
    }

    /** A whole number, or another one where there is none. */
    int integer(String key, int otherwise) throws FormatException {
        Object value = values.get(key);
        return value == null ? otherwise : wholeNumber(key, value);
    }

    private int wholeNumber(String key, Object value) throws FormatException {
        if (value instanceof Integer number) {
            return number;
        }
        throw error(key, "must be a whole number, not " + shown(value));
    }

    double number(String key, double otherwise) throws FormatException {
        Object value = values.get(key);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw error(key, "must be a number, not " + shown(value));
    }

    boolean bool(String key, boolean otherwise) throws FormatException {
        Object value = values.get(key);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Boolean bool) {
            return bool;
        }
        throw error(key, "must be true or false, not " + shown(value));
    }

    @Nullable String string(String key) throws FormatException {
        Object value = values.get(key);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw error(key, "must be a string, not " + shown(value));
    }

    String requiredString(String key) throws FormatException {
        required(key);
        return java.util.Objects.requireNonNull(string(key));
    }

    @Nullable JsonObject object(String key) throws FormatException {
        Object value = values.get(key);
        if (value == null) {
            return null;
        }
        if (value instanceof Map<?, ?> map) {
            @SuppressWarnings("unchecked") // every map here was built by object(JsonParser)
            Map<String, @Nullable Object> members = (Map<String, @Nullable Object>) map;
            return new JsonObject(file, members);
        }
        throw error(key, "must be an object, not " + shown(value));
    }

    private Object required(String key) throws FormatException {
        Object value = values.get(key);
        if (value == null) {
            throw error(key, "is missing");
        }
        return value;
    }

    private static String shown(Object value) {
        return switch (value) {
            case String text -> "\"" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "\"";
            case List<?> list -> "an array";
            case Map<?, ?> map -> "an object";
            default -> value.toString();
        };
    }

    /** Writes values as an object, atomically. Values are strings, numbers, booleans, lists, maps and null. */
    static void write(Path file, Map<String, @Nullable Object> values) throws IOException {
        StringBuilder json = new StringBuilder();
        append(json, values, "\n");
        json.append('\n');
        AtomicFiles.write(file, out -> out.write(json.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Appends a value; {@code line} is a line feed and the indentation, or empty to write all on one line. */
    static void append(StringBuilder json, @Nullable Object value, String line) {
        String inner = line.isEmpty() ? "" : line + "  ";
        switch (value) {
            case null -> json.append("null");
            case String text -> appendString(json, text);
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    json.append(separator).append(inner);
                    appendString(json, (String) entry.getKey());
                    json.append(line.isEmpty() ? ":" : ": ");
                    append(json, entry.getValue(), inner);
                    separator = ",";
                }
                json.append(map.isEmpty() ? "{}" : line + "}");
            }
            case List<?> list -> {
                String separator = "[";
                for (Object element : list) {
                    json.append(separator).append(inner);
                    append(json, element, inner);
                    separator = ",";
                }
                json.append(list.isEmpty() ? "[]" : line + "]");
            }
            default -> json.append(value);
        }
    }

    private static void appendString(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (c < 0x20 || Character.isSurrogate(c)) {
                        json.append(String.format(java.util.Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
