// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import verbo.text.AtomicFiles;
import verbo.text.FormatException;

/**
 * Small pieces of JSON as maps: what a run remembers of itself, and what commands print. Values are maps, lists, texts,
 * numbers and booleans; null, and numbers that are not finite, are written as null.
 */
public final class Json {
    private static final JsonFactory JSON = new JsonFactory();

    private Json() {}

    /** Writes an object, atomically, to be read by people too. */
    public static void write(Path file, Map<String, ? extends @Nullable Object> values) throws IOException {
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        PrettyPrinter printer = new DefaultPrettyPrinter().withObjectIndenter(indenter);
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(new ObjectWriteContext.Base() {
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
        AtomicFiles.write(file, out -> out.write(text.append('\n').toString().getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Reads a file that is an object; fields that are null are left out.
     *
     * @throws FormatException
     *             if it is none
     */
    public static Map<String, Object> read(Path file) throws IOException {
        try {
            return parse(Files.readString(file));
        } catch (MalformedInputException e) {
            throw new FormatException(file, "is not UTF-8 text", e);
        } catch (NoSuchFileException | AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            throw new FormatException(file, String.valueOf(e.getMessage()), e);
        }
    }

    /** Reads an object; fields that are null are left out. */
    static Map<String, Object> parse(String text) throws IOException {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("must be a JSON object");
            }
            return read(parser);
        } catch (JacksonException e) {
            throw new IOException("is not well-formed JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** An object on one line. */
    public static String line(Map<String, ? extends @Nullable Object> values) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            write(out, values);
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, Map<?, ? extends @Nullable Object> values) {
        out.writeStartObject();
        values.forEach((key, value) -> {
            out.writeName(key.toString());
            writeValue(out, value);
        });
        out.writeEndObject();
    }

    private static void writeValue(JsonGenerator out, @Nullable Object value) {
        switch (value) {
            case null -> out.writeNull();
            case Map<?, ?> map -> write(out, map);
            case List<?> list -> {
                out.writeStartArray();
                list.forEach(each -> writeValue(out, each));
                out.writeEndArray();
            }
            case Boolean yes -> out.writeBoolean(yes);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case Double number when !Double.isFinite(number) -> out.writeNull();
            case Double number -> out.writeNumber(number);
            default -> out.writeString(value.toString());
        }
    }

    private static Map<String, Object> read(JsonParser parser) throws IOException {
        Map<String, Object> values = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_NULL) {
                values.put(name, readValue(parser));
            }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT) {
            throw new IOException("the JSON object ends too early");
        }
        return values;
    }

    private static Object readValue(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> read(parser);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(readValue(parser));
                }
                yield list;
            }
            case VALUE_TRUE, VALUE_FALSE -> parser.getBooleanValue();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            default -> parser.getString();
        };
    }

    /** Dotted names as nested maps. */
    static Map<String, Object> nested(Map<String, Object> flat) {
        Map<String, Object> nested = new LinkedHashMap<>();
        flat.forEach((name, value) -> {
            int dot = name.indexOf('.');
            if (dot < 0) {
                nested.put(name, value);
            } else {
                @SuppressWarnings("unchecked") // only this method puts maps here
                Map<String, Object> section = (Map<String, Object>) nested.computeIfAbsent(name.substring(0, dot),
                        key -> new LinkedHashMap<String, Object>());
                section.put(name.substring(dot + 1), value);
            }
        });
        return nested;
    }
}
