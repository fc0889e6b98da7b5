// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import verbo.text.TextLines;

/**
 * A folder of texts in different languages: a file or a folder of files a language, which is what it is called. {@code pt.txt},
 * {@code pt.txt.gz}, {@code pt} and all files below {@code pt/} are text of the language {@code pt}; of parallel texts as the
 * field calls them, {@code news.pt-en.pt} is {@code pt} as well. Files of other names, names in capitals ({@code README}) and
 * hidden ones are passed over.
 */
public final class LabelledTexts {
    private static final Pattern PARALLEL = Pattern
            .compile(".*\\.([a-zA-Z_]{2,8})-([a-zA-Z_]{2,8})\\.([a-zA-Z_]{2,8})");
    private static final Pattern PLAIN = Pattern.compile("([^.]+)(\\.txt)?(\\.gz)?");

    private final SortedMap<String, List<Path>> files = new TreeMap<>();
    private final List<Path> passedOver = new ArrayList<>();

    private LabelledTexts() {}

    /**
     * Looks what a folder holds.
     *
     * @throws IllegalArgumentException
     *             if that is no text of any language
     */
    public static LabelledTexts of(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "a folder with a file or a folder a language");
        }
        if (!Files.isDirectory(folder)) {
            throw new NotDirectoryException(folder.toString());
        }
        LabelledTexts texts = new LabelledTexts();
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path entry : entries.sorted().toList()) {
                String language = language(entry);
                if (language == null) {
                    texts.passedOver.add(entry);
                } else {
                    texts.add(language, entry);
                }
            }
        }
        if (texts.files.isEmpty()) {
            throw new IllegalArgumentException(
                    folder + ": no texts: a file such as pt.txt or a folder such as pt is wanted for each language");
        }
        return texts;
    }

    private void add(String language, Path entry) throws IOException {
        List<Path> found = files.computeIfAbsent(language, name -> new ArrayList<>());
        try (Stream<Path> below = Files.walk(entry)) {
            below.filter(file -> Files.isRegularFile(file) && !name(file).startsWith(".")).sorted().forEach(found::add);
        }
        if (found.isEmpty()) {
            files.remove(language);
        }
    }

    private static String name(Path path) {
        Path name = path.getFileName();
        return name == null ? "" : name.toString();
    }

    private static @Nullable String language(Path entry) {
        String name = name(entry);
        if (name.startsWith(".") || name.equals(name.toUpperCase(Locale.ROOT))) {
            return null;
        }
        if (Files.isDirectory(entry)) {
            return name;
        }
        Matcher parallel = PARALLEL.matcher(name);
        if (parallel.matches()) {
            String language = parallel.group(3);
            return language.equals(parallel.group(1)) || language.equals(parallel.group(2)) ? language : null;
        }
        Matcher plain = PLAIN.matcher(name);
        return !plain.matches() || plain.group(1).equals(plain.group(1).toUpperCase(Locale.ROOT))
                ? null
                : plain.group(1);
    }

    /** The languages, in alphabetical order, each with the lines of all its files. */
    public SequencedMap<String, IdentifierTrainer.Lines> languages() {
        SequencedMap<String, IdentifierTrainer.Lines> languages = new java.util.LinkedHashMap<>();
        files.forEach((language, paths) -> languages.put(language, action -> {
            for (Path path : paths) {
                TextLines.forEach(path, action);
            }
        }));
        return languages;
    }

    /** What the folder holds beside them. */
    public List<Path> passedOver() {
        return Collections.unmodifiableList(passedOver);
    }
}
