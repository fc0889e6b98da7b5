// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.io.StringWriter;
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

/** Small JSON files, as maps: what a run remembers of itself. */
final class JsonFiles {
    private static final JsonFactory JSON = new JsonFactory();

    private JsonFiles() {
    }

    /** Writes an object, atomically, to be read by people too. */
    static void write(Path file, Map<String, Object> values) throws IOException {
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

    /** Reads an object. */
    static Map<String, Object> read(Path file) throws IOException {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), Files.readString(file))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormatException(file, "must be a JSON object");
            }
            return read(parser);
        } catch (JacksonException e) {
            throw new FormatException(file, "is not well-formed JSON: " + e.getOriginalMessage(), e);
        }
    }

    static void write(JsonGenerator out, Map<?, ?> values) {
        out.writeStartObject();
        values.forEach((key, value) -> {
            out.writeName(key.toString());
            writeValue(out, value);
        });
        out.writeEndObject();
    }

    private static void writeValue(JsonGenerator out, Object value) {
        switch (value) {
            case Map<?, ?> map -> write(out, map);
            case List<?> list -> {
                out.writeStartArray();
                list.forEach(each -> writeValue(out, each));
                out.writeEndArray();
            }
            case Boolean yes -> out.writeBoolean(yes);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case Float number -> out.writeNumber(number);
            case Double number -> out.writeNumber(number);
            default -> out.writeString(value.toString());
        }
    }

    /** Reads the object the parser stands at the start of; fields that are null are left out. */
    static Map<String, Object> read(JsonParser parser) throws IOException {
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
