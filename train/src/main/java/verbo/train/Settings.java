// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;
import verbo.text.FormatException;
import verbo.text.TextFile;

/**
 * What a run file and the command line say, key by key, each checked against the table {@link RunKey#ALL}. Nested maps
 * become dotted names; a value keeps the place it came from for messages.
 */
final class Settings {
    private static final Map<String, RunKey> KEYS = new LinkedHashMap<>();
    static {
        RunKey.ALL.forEach(key -> KEYS.put(key.name(), key));
    }
    /** Sections that may be given as one text, which is this key of theirs. */
    private static final Map<String, String> SHORT = Map.of("data", "data.path", "tokenizer", "tokenizer.path");

    private static final String TYPE = "tokenizer.type";

    /** A value as it was written; null for nothing ({@code key:}), which leaves the standard one. */
    private record Written(@Nullable String text, Place place) {}

    /** Where something was written: a line of a file, or an option of the command line (line 0). */
    private record Place(String source, int line) {
        /** What was written there is wrong. */
        IllegalArgumentException wrong(String message) {
            return line == 0
                    ? new OverrideException(source + ": " + message)
                    : new IllegalArgumentException(source + ", line " + line + ": " + message);
        }
    }

    private final String source;
    private final Map<String, Object> values = new LinkedHashMap<>();

    private Settings(String source) {
        this.source = source;
    }

    /**
     * Reads a YAML file and puts overrides over it.
     *
     * @param overrides
     *            {@code key=value}, the value in YAML
     */
    static Settings readYaml(Path file, List<String> overrides) throws IOException {
        Settings settings = new Settings("run file " + file);
        Map<String, Written> written = settings.parse(new YAMLFactory(), TextFile.read(file), file, null);
        for (String override : overrides) {
            settings.override(written, override);
        }
        settings.check(written);
        return settings;
    }

    /**
     * Reads values that {@link #all} gave, as nested maps, from the field {@code section} of a JSON object.
     */
    static Settings readJson(Path file, String section) throws IOException {
        Settings settings = new Settings(file.toString());
        settings.check(settings.parse(new JsonFactory(), TextFile.read(file), file, section));
        return settings;
    }

    private Map<String, Written> parse(TokenStreamFactory format, String text, Path file, @Nullable String section)
            throws IOException {
        Map<String, Written> written = new LinkedHashMap<>();
        try (JsonParser parser = format.createParser(ObjectReadContext.empty(), text)) {
            JsonToken first = parser.nextToken();
            if (first == null || first == JsonToken.VALUE_NULL) {
                throw new FormatException(file, "is empty: a run file begins with 'task: language-model'");
            }
            if (first != JsonToken.START_OBJECT) {
                throw new FormatException(file, "must be a map of keys and values");
            }
            if (section == null) {
                flatten(parser, "", new Place(source, 1), written);
            } else {
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    boolean wanted = parser.currentName().equals(section);
                    parser.nextToken();
                    if (wanted && parser.currentToken() == JsonToken.START_OBJECT) {
                        flatten(parser, "", new Place(source, 1), written);
                    } else {
                        parser.skipChildren();
                    }
                }
            }
            if (section == null && parser.nextToken() != null) {
                throw new FormatException(file, "line " + parser.currentTokenLocation().getLineNr()
                        + ": a run file holds one document");
            }
        } catch (JacksonException e) {
            throw new FormatException(file, malformed(e), e);
        }
        return written;
    }

    private static String malformed(JacksonException e) {
        String reason = e.getOriginalMessage().lines().map(String::strip).filter(line -> !line.isEmpty())
                .findFirst().orElse("cannot be read");
        int line = e.getLocation() == null ? -1 : e.getLocation().getLineNr();
        return (line > 0 ? "line " + line + ": " : "") + "is not " + "well-formed: " + reason;
    }

    private void override(Map<String, Written> written, String assignment) throws IOException {
        int equals = assignment.indexOf('=');
        String where = "--set " + assignment;
        if (equals <= 0) {
            throw new OverrideException(where + ": must be key=value");
        }
        String name = assignment.substring(0, equals).strip();
        String text = assignment.substring(equals + 1);
        // The whole of what was there goes: a map is replaced by a map, or by a text.
        written.keySet().removeIf(key -> key.equals(name) || key.startsWith(name + "."));
        // One that is trained takes the place of one that is named, and the other way round.
        if (name.equals(TYPE)) {
            written.keySet().removeAll(List.of("tokenizer", "tokenizer.path"));
        } else if (name.equals("tokenizer.path")) {
            written.remove(TYPE);
        }
        if (text.stripLeading().startsWith("{")) {
            try (JsonParser parser = new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
                parser.nextToken();
                Map<String, Written> parts = new LinkedHashMap<>();
                flatten(parser, name + ".", new Place(where, 0), parts);
                written.putAll(parts);
            } catch (JacksonException e) {
                throw new OverrideException(where + ": " + malformed(e));
            }
        } else {
            written.put(name, new Written(unquoted(text, where), new Place(where, 0)));
        }
    }

    /** A value of the command line, read as YAML where that makes a difference: quotes, and nothing. */
    private static @Nullable String unquoted(String text, String where) {
        String bare = text.strip();
        if (bare.isEmpty() || bare.equals("null") || bare.equals("~")) {
            return null;
        }
        if (!bare.startsWith("\"") && !bare.startsWith("'")) {
            return bare;
        }
        try (JsonParser parser = new YAMLFactory().createParser(ObjectReadContext.empty(), bare)) {
            parser.nextToken();
            return parser.getString();
        } catch (JacksonException e) {
            throw new OverrideException(where + ": " + malformed(e));
        }
    }

    /** Reads the object the parser stands at the start of. */
    private static void flatten(JsonParser parser, String prefix, Place whole, Map<String, Written> written) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = prefix + parser.currentName();
            Place place = whole.line == 0 ? whole
                    : new Place(whole.source, parser.currentTokenLocation().getLineNr());
            JsonToken token = parser.nextToken();
            if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
                throw place.wrong(name + " is *" + parser.getString()
                        + ", a YAML alias, which run files do not have: write the value out");
            }
            if (written.containsKey(name)) {
                throw place.wrong("the key '" + name + "' is given twice");
            }
            switch (token) {
                case START_OBJECT -> flatten(parser, name + ".", place, written);
                case START_ARRAY -> throw place.wrong(name + " must be "
                        + expected(name) + ", not a list");
                case VALUE_NULL -> written.put(name, new Written(null, place));
                default -> written.put(name, new Written(parser.getString(), place));
            }
        }
    }

    private static String expected(String name) {
        RunKey key = KEYS.get(name);
        return key != null ? key.type().expected() : isSection(name) ? "a map" : "a value";
    }

    private static boolean isSection(String name) {
        return KEYS.keySet().stream().anyMatch(key -> key.startsWith(name + "."));
    }

    private void check(Map<String, Written> written) {
        for (Map.Entry<String, Written> entry : written.entrySet()) {
            Place place = entry.getValue().place;
            String text = entry.getValue().text;
            String name = entry.getKey();
            if (SHORT.containsKey(name) && text != null) {
                name = SHORT.get(name);
            }
            RunKey key = KEYS.get(name);
            if (key == null) {
                if (isSection(name)) {
                    if (text == null) {
                        continue; // a section with nothing in it
                    }
                    throw place.wrong(name + " must be a map (" + keysUnder(name) + "), not '" + text + "'");
                }
                for (int dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
                    RunKey whole = KEYS.get(name.substring(0, dot));
                    if (whole != null) {
                        throw place.wrong(whole.name() + " must be " + whole.type().expected() + ", not a map");
                    }
                }
                String near = nearest(name);
                throw place.wrong("unknown key '" + name + "'; " + (near == null
                        ? "docs/run-file.md tells of those there are"
                        : "did you mean '" + near + "'?"));
            }
            if (text == null) {
                continue;
            }
            Object value = key.type().parse(text);
            if (value == null) {
                throw place.wrong(name + " must be " + key.type().expected(text) + ", not '" + text + "'");
            }
            values.put(name, value);
        }
    }

    private static String keysUnder(String section) {
        return String.join(", ", KEYS.keySet().stream().filter(key -> key.startsWith(section + ".")).toList());
    }

    /** The key somebody most likely meant; null if none is near. */
    static @Nullable String nearest(String unknown) {
        String plain = plain(unknown);
        String plainLast = plain(unknown.substring(unknown.lastIndexOf('.') + 1));
        String best = null;
        double least = Double.MAX_VALUE;
        for (RunKey key : KEYS.values()) {
            int dot = key.name().indexOf('.');
            if (dot > 0 && !unknown.contains(".")) {
                String section = key.name().substring(0, dot);
                double distance = distance(plain, section);
                if (distance < least) {
                    least = distance;
                    best = section;
                }
            }
            List<String> names = new ArrayList<>(key.alsoCalled());
            names.add(key.lastName());
            double distance = distance(plain, key.name());
            for (String name : names) {
                // A little worse than the full name, so that of equals the one in the right place is taken.
                distance = Math.min(distance, 0.1 + distance(plainLast, name)
                        + (unknown.contains(".") && !sameSection(unknown, key.name()) ? 1 : 0));
            }
            if (distance < least) {
                least = distance;
                best = key.name();
            }
        }
        return best;
    }

    /** Infinite where nobody would mean the one by the other. */
    private static double distance(String unknown, String name) {
        String meant = plain(name);
        return EditDistance.isNear(unknown, meant) ? EditDistance.of(unknown, meant) : Double.POSITIVE_INFINITY;
    }

    private static boolean sameSection(String a, String b) {
        return b.startsWith(a.substring(0, a.indexOf('.') + 1));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[_.-]", "");
    }

    // ---- the values

    /** Whether the file or the command line gives this key. */
    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Gives a key a value, as if it had been written. */
    void put(String name, Object value) {
        values.put(known(name).name(), value);
    }

    private static RunKey known(String name) {
        RunKey key = KEYS.get(name);
        if (key == null) {
            throw new AssertionError("no key " + name + " in the table");
        }
        return key;
    }

    private @Nullable Object value(String name) {
        RunKey key = known(name);
        Object value = values.get(name);
        return value != null || key.standard() == null ? value : key.type().parse(key.standard());
    }

    @Nullable String textOrNull(String name) {
        return (String) value(name);
    }

    String text(String name) {
        String text = textOrNull(name);
        if (text == null) {
            throw new IllegalArgumentException(source + ": the key '" + name + "' is missing");
        }
        return text;
    }

    long whole(String name) {
        return value(name) instanceof Long value ? value : missing(name).longValue();
    }

    int count(String name) {
        return Math.toIntExact(whole(name));
    }

    double real(String name) {
        return value(name) instanceof Double value ? value : missing(name).doubleValue();
    }

    boolean yes(String name) {
        return Boolean.TRUE.equals(value(name));
    }

    private Number missing(String name) {
        throw new IllegalArgumentException(source + ": the key '" + name + "' is missing");
    }

    /** What is given, for messages: the run file, or the run. */
    String source() {
        return source;
    }

    /** Every key that has a value, given or standard, in the table's order. */
    Map<String, Object> all() {
        Map<String, Object> all = new LinkedHashMap<>();
        for (RunKey key : RunKey.ALL) {
            Object value = value(key.name());
            if (value != null) {
                all.put(key.name(), value);
            }
        }
        return all;
    }
}
