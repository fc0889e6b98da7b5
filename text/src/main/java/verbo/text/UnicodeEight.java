// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.BitSet;

/**
 * Where the classes that Hugging Face's {@code tokenizers} knows differ from Java's: its tables are those of Unicode 8, and
 * a character that became punctuation or a mark later is none for it. Found by asking it about every code point.
 */
final class UnicodeEight {
    private static final BitSet NOT_PUNCTUATION = set(
            "61D 9FD A76 C77 C84 1B4E-1B4F 1B7D-1B7F 2E43-2E4F 2E52-2E5D 10D6E 10EAD 10F55-10F59 "
                    + "10F86-10F89 113D4-113D5 113D7-113D8 1144B-1144F 1145A-1145B 1145D 11660-1166C 116B9 "
                    + "1183B 11944-11946 119E2 11A3F-11A46 11A9A-11A9C 11A9E-11AA2 11B00-11B09 11BE1 "
                    + "11C41-11C45 11C70-11C71 11EF7-11EF8 11F43-11F4F 11FFF 12FF1-12FF2 16D6D-16D6F "
                    + "16E97-16E9A 16FE2 1E5FF 1E95E-1E95F");
    private static final BitSet ALSO_PUNCTUATION = set("166D 111C9");
    private static final BitSet NOT_MARK = set(
            "7FD 897-89F 8CA-8D3 9FE AFA-AFF B55 C04 C3C CF3 D00 D3B-D3C D81 EBA ECE 1715 180F "
                    + "1ABF-1ACE 1CF7 1DF6-1DFA A82C A8FF 10D24-10D27 10D69-10D6D 10EAB-10EAC 10EFC-10EFF "
                    + "10F46-10F50 10F82-10F85 11070 11073-11074 110C2 11145-11146 111C9 111CE-111CF 11241 "
                    + "1133B 113B8-113C0 113C2 113C5 113C7-113CA 113CC-113D0 113D2 113E1-113E2 1145E "
                    + "1182C-1183A 11930-11935 11937-11938 1193B-1193E 11940 11942-11943 119D1-119D7 "
                    + "119DA-119E0 119E4 11A01-11A0A 11A33-11A39 11A3B-11A3E 11A47 11A51-11A5B 11A8A-11A99 "
                    + "11D31-11D36 11D3A 11D3C-11D3D 11D3F-11D45 11D47 11D8A-11D8E 11D90-11D91 11D93-11D97 "
                    + "11EF3-11EF6 11F00-11F01 11F03 11F34-11F3A 11F3E-11F42 11F5A 13440 13447-13455 "
                    + "1611E-1612F 16F4F 16F7F-16F87 16FE4 16FF0-16FF1 1CF00-1CF2D 1CF30-1CF46 1E08F "
                    + "1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF");
    private static final BitSet ALSO_MARK = set("1CF2-1CF3");
    private static final BitSet NOT_NONSPACING = set(
            "7FD 897-89F 8CA-8E1 9FE AFA-AFF B55 C04 C3C D00 D3B-D3C D81 EBA ECE 1734 180F 1885-1886 "
                    + "1ABF-1ACE 1DF6-1DFB A82C A8C5 A8FF A9BD 105C9 105E4 10D24-10D27 10D69-10D6D 10EAB-10EAC "
                    + "10EFC-10EFF 10F46-10F50 10F82-10F85 11070 11073-11074 110C2 111C9 111CF 1123E 11241 "
                    + "1133B 11383 11385 1138E 11391 113BB-113C0 113C5 113C7-113C8 113CE 113D0 113D2 "
                    + "113E1-113E2 11438-1143F 11442-11444 11446 1145E 1171E 1182F-11837 11839-1183A 11938 "
                    + "1193B-1193C 1193E 11943 119D4-119D7 119DA-119DB 119E0 11A01-11A0A 11A33-11A38 "
                    + "11A3B-11A3E 11A47 11A51-11A56 11A59-11A5B 11A8A-11A96 11A98-11A99 11C30-11C36 "
                    + "11C38-11C3D 11C3F 11C92-11CA7 11CAA-11CB0 11CB2-11CB3 11CB5-11CB6 11D31-11D36 11D3A "
                    + "11D3C-11D3D 11D3F-11D45 11D47 11D90-11D91 11D95 11D97 11EF3-11EF4 11F00-11F01 "
                    + "11F36-11F3A 11F40 11F42 11F5A 13440 13447-13455 1611E-16129 1612D-1612F 16D68-16D6A "
                    + "16F4F 16FE4 1CF00-1CF2D 1CF30-1CF46 1E000-1E006 1E008-1E018 1E01B-1E021 1E023-1E024 "
                    + "1E026-1E02A 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF 1E944-1E94A");
    private static final BitSet ALSO_NONSPACING = set("1734 1171E");
    /** What has got a decomposition or a place among marks since Unicode 9, whose normalization forms it has. */
    private static final BitSet NOT_NORMALIZED = set(
            "7FD 897-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ACE 1DF6-1DFA 32FF A7F2-A7F4 A82C "
                    + "AB69 105C9 105D2 105DA 105E4 10781-10785 10787-107B0 107B2-107BA 10D24-10D27 "
                    + "10D69-10D6D 10EAB-10EAC 10EFD-10EFF 10F46-10F50 10F82-10F85 11070 1133B 11382-11385 "
                    + "1138B 1138E 11390-11391 113B8 113BB 113C2 113C5 113C7-113C9 113CE-113D0 1145E "
                    + "11839-1183A 11930 11935 11938 1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 "
                    + "11D44-11D45 11D97 11F41-11F42 1611E-16129 1612F 16D63 16D67-16D6A 16FF0-16FF1 "
                    + "1CCD6-1CCF9 1E030-1E06D 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF "
                    + "1F16C 1FBF0-1FBF9");
    /** What has got a script since Unicode 9, whose scripts it has, and what has none between those. */
    private static final BitSet NO_SCRIPT = set(
            "560 588 5EF 61D 7FD-7FF 860-89F 8B5 8BE-8D3 9FC-9FE A76 AFA-AFF B55 C04 C3C C5D C77 C84 "
                    + "CDD CF3-D00 D04 D3B-D3C D81 E86 E89 E8C E8E-E93 E98 EA0 EA8-EA9 EAC EBA ECE 170D 1715-171F "
                    + "180F 1878 1ABF-1ACE 1B4C-1B4F 1B7D-1B7F 1C89-1CBF 1CF7 1CFA 1DF6-1DFA 20BF-20C0 23FF "
                    + "2427-2429 2B97 2BBA-2BBC 2BC9 2BD2-2BEB 2BF0-2BFF 2C2F 2C5F 2E45-2E5D 2FFC-2FFF 312E-312F "
                    + "31BB-31BF 31E4-31EF 32FF 4DB6-4DBF 9FD6-9FFF A7AF A7B8-A7F6 A82C A8FE-A8FF AB66-AB6B FBC2 "
                    + "FD40-FD4F FDCF FDFE-FDFF 1019C 1032D-1032F 10570-105F3 10780-107BA 10A34-10A35 10A48 "
                    + "10D00-10D8F 10E80-10FF6 11070-11075 110C2-110CD 11144-11147 111CE-111CF 1123F-11241 1133B "
                    + "11380-113E2 1145A 1145E-11461 116B8-116B9 116D0-116E3 1171A 11740-1183B 11900-11ABF "
                    + "11B00-11BF9 11D00-11FFF 12F90-12FF2 1342F-143FA 16100-16139 16A70-16AC9 16D40-16E9A "
                    + "16F45-16F4F 16F7F-16F87 16FE1-16FF1 187ED-187F7 18AF3-1AFFE 1B002-1B2FB 1CC00-1CFC3 "
                    + "1D1E9-1D1EA 1D2C0-1D2F3 1D372-1D378 1DF00-1DF2A 1E030-1E7FE 1E94B 1EC71-1ED3D 1F10D-1F10F "
                    + "1F12F 1F16C-1F16F 1F1AD 1F260-1F265 1F6D3-1F6DF 1F6F7-1F6FC 1F774-1F77F 1F7D5-1F7F0 "
                    + "1F8B0-1F90F 1F91F 1F928-1F92F 1F931-1F932 1F93F 1F94C-1F94F 1F95F-1F97F 1F992-1F9BF "
                    + "1F9C1-1FBF9 2A6D7-2A6DF 2B735-2B739 2CEB0-2EE5D 30000-323AF");
    /** Numbers of Unicode 17, which Rust's own tables have. */
    private static final BitSet ALSO_NUMBER = set("11DE0-11DE9 16FF4-16FF6");
    private static final BitSet NOT_CONTROL = set("890-891 8E2 110CD 13430-1343F");

    private UnicodeEight() {}

    /** Code points and ranges of them, in hexadecimal. */
    private static BitSet set(String ranges) {
        BitSet set = new BitSet();
        for (String range : ranges.split(" ")) {
            int dash = range.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
            set.set(first, (dash < 0 ? first : Integer.parseInt(range.substring(dash + 1), 16)) + 1);
        }
        return set;
    }

    /** The general categories P*, and of ASCII all that is no letter, digit, space or control. */
    static boolean isPunctuation(int c) {
        if (c < 0x80) {
            return c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c);
        }
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION, Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION, Character.OTHER_PUNCTUATION ->
                !NOT_PUNCTUATION.get(c);
            default -> ALSO_PUNCTUATION.get(c);
        };
    }

    /** The general categories M*. */
    static boolean isMark(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK ? !NOT_MARK.get(c) : ALSO_MARK.get(c);
    }

    /** The general category Mn. */
    static boolean isNonSpacingMark(int c) {
        return Character.getType(c) == Character.NON_SPACING_MARK ? !NOT_NONSPACING.get(c) : ALSO_NONSPACING.get(c);
    }

    /** Whether normalization takes it for a character that nothing is done to, and that marks around it do not pass. */
    static boolean isNotNormalized(int c) {
        return NOT_NORMALIZED.get(c);
    }

    /** The general categories N*. */
    static boolean isNumber(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER || ALSO_NUMBER.get(c);
    }

    /** The script, {@link Character.UnicodeScript#UNKNOWN} for what has none. */
    static Character.UnicodeScript script(int c) {
        return switch (c) {
            case 0x589, 0x61C -> Character.UnicodeScript.COMMON;
            case 0x953, 0x954 -> Character.UnicodeScript.DEVANAGARI;
            default -> NO_SCRIPT.get(c) ? Character.UnicodeScript.UNKNOWN : Character.UnicodeScript.of(c);
        };
    }

    /** Of one character, with the capitals of Unicode 17. */
    static int toLowerCase(int c) {
        return c < 0xA7CE ? Character.toLowerCase(c)
                : c == 0xA7CE || c == 0xA7D2 || c == 0xA7D4 ? c + 1
                        : c >= 0x16EA0 && c <= 0x16EB8 ? c + 0x1B : Character.toLowerCase(c);
    }

    /** The general categories C*, without tab and line ends. */
    static boolean isControl(int c) {
        if (c == '\t' || c == '\n' || c == '\r') {
            return false;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE ->
                !NOT_CONTROL.get(c);
            default -> false;
        };
    }
}
