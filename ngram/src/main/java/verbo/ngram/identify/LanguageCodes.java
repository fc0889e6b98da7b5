// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.util.Locale;
import java.util.Map;
import java.util.MissingResourceException;

/** Names of the same language in ISO 639's codes of two and of three letters. */
public final class LanguageCodes {
    /** The language that stands for a group of them where a code of two letters means the group. */
    private static final Map<String, String> GROUPS = Map.ofEntries(Map.entry("arb", "ara"), Map.entry("azj", "aze"),
            Map.entry("cmn", "zho"), Map.entry("ekk", "est"), Map.entry("khk", "mon"), Map.entry("lvs", "lav"),
            Map.entry("npi", "nep"), Map.entry("ory", "ori"), Map.entry("pes", "fas"), Map.entry("plt", "mlg"),
            Map.entry("als", "sqi"), Map.entry("swh", "swa"), Map.entry("uzn", "uzb"), Map.entry("ydd", "yid"),
            Map.entry("zsm", "msa"), Map.entry("kmr", "kur"), Map.entry("fil", "tgl"));

    private LanguageCodes() {}

    /**
     * Whether two names mean one language, as {@code pt}, {@code por} and {@code pt_BR} do. Names that are no codes must be
     * equal.
     */
    public static boolean same(String one, String other) {
        return one.equals(other) || code(one).equals(code(other));
    }

    private static String code(String name) {
        String code = name.toLowerCase(Locale.ROOT).split("[-_]", 2)[0];
        try {
            String three = code.length() == 2 ? Locale.of(code).getISO3Language() : code;
            return GROUPS.getOrDefault(three, three);
        } catch (MissingResourceException e) {
            return code;
        }
    }
}
