// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A JSON object of a file, read whole. Every complaint names the file and the key. */
public final class JsonObject {
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

    /**
     * Reads a file.
     *
     * @throws FormatException
     *             if it is no object
     */
    public static JsonObject read(Path file) throws IOException {
        return parse(file, Files.readAllBytes(file));
    }

    /** Parses a file's UTF-8 bytes, which must be one object. */
    public static JsonObject parse(Path file, byte[] json) throws FormatException {
        return new JsonObject(file, "", Json.object(file, json, Double::parseDouble));
    }

    /** Parses a tokenizer's text, which must be one object, with numbers as Hugging Face reads them. */
    static JsonObject parse(Path file, String json) throws FormatException {
        return new JsonObject(file, "", Json.object(file, json, JsonObject::real));
    }

    /** An object made in memory. */
    static JsonObject of(Path file, Map<String, @Nullable Object> values) {
        return new JsonObject(file, "", values);
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

    /** Where it was read. */
    public Path file() {
        return file;
    }

    /** The keys, in the order of the file. */
    public Set<String> keys() {
        return values.keySet();
    }

    /** Whether the key is there, be it with a null. */
    public boolean has(String key) {
        return values.containsKey(key);
    }

    int size() {
        return values.size();
    }

    /** Where in the file a key is, as messages write it: {@code model.vocab}. */
    String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** A complaint about a key. */
    public FormatException error(String key, String reason) {
        return new FormatException(file, path(key) + ": " + reason);
    }

    /** A remark on a key that is no reason to refuse the file. */
    void warn(String key, String remark) {
        System.getLogger("verbo.text").log(System.Logger.Level.WARNING, file + ": " + path(key) + ": " + remark);
    }

    boolean isNull(String key) {
        return values.get(key) == null;
    }

    /** A value as it is: a map, list, text, number or boolean, or null. */
    public @Nullable Object raw(String key) {
        return values.get(key);
    }

    /** A text, or null. */
    public @Nullable String string(String key) throws FormatException {
        return typed(key, String.class, "a string");
    }

    /** A text that must be there. */
    public String requiredString(String key) throws FormatException {
        return required(key, string(key));
    }

    /** Whether something is so, or {@code otherwise} where nothing is said. */
    public boolean bool(String key, boolean otherwise) throws FormatException {
        Boolean value = typed(key, Boolean.class, "true or false");
        return value == null ? otherwise : value;
    }

    /** A number, or {@code otherwise} where there is none. */
    public double number(String key, double otherwise) throws FormatException {
        Number value = typed(key, Number.class, "a number");
        return value == null ? otherwise : value.doubleValue();
    }

    /** A whole number, or {@code otherwise} where there is none. */
    public int integer(String key, int otherwise) throws FormatException {
        Integer value = typed(key, Integer.class, "a whole number");
        return value == null ? otherwise : value;
    }

    /** A whole number that must be there. */
    public int requiredInteger(String key) throws FormatException {
        return required(key, typed(key, Integer.class, "a whole number"));
    }

    /** An id: a whole number from 0 up. */
    int id(String key) throws FormatException {
        Number value = required(key, typed(key, Number.class, "a number"));
        if (!(value instanceof Integer) || value.intValue() < 0) {
            throw error(key, "an id must be a whole number from 0 up, not " + value);
        }
        return value.intValue();
    }

    /** A whole number from 0 up, however large. */
    int limit(String key, int otherwise) throws FormatException {
        Number value = typed(key, Number.class, "a number");
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Long || (value instanceof BigInteger big && big.signum() > 0)) {
            return value.doubleValue() < 0 ? 0 : Integer.MAX_VALUE; // no limit, as some write it
        }
        return id(key);
    }

    /** An object, or null. */
    public @Nullable JsonObject object(String key) throws FormatException {
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
            throw error(key, "must be " + name + ", not " + shown(value));
        }
        return type.cast(value);
    }

    private static String shown(Object value) {
        return switch (value) {
            case String text -> "\"" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "\"";
            case List<?> list -> "an array";
            case Map<?, ?> map -> "an object";
            default -> value.toString();
        };
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
