// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites a regular expression of Oniguruma's Ruby syntax, which Hugging Face's {@code tokenizers} uses, as one of Java's
 * that matches the same. What Java has nothing for is refused: {@code \K}, calls of groups, some properties. Letters that
 * fold to several ({@code (?i:ss)} and {@code ß}) are not taken for equal.
 */
final class Oniguruma {
    /** Classes are Unicode's; {@code ^} and {@code $} match at every line, which {@code \n} alone ends. */
    private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNIX_LINES | Pattern.MULTILINE;

    private static final String WORD_IN_CLASS = "[\\w&&[^\u200c\u200d]]";
    private static final String WORD = "[\\w\u00b2\u00b3\u00b9\u00bc-\u00be&&[^\u200c\u200d]]"; // not so in classes
    private static final String NOTHING = "\\x00&&\\x01"; // in a class
    private static final String HEX_DIGIT = "0-9A-Fa-f";
    /**
     * Always matches nothing. Without a character beyond 16 bits in it Java looks for an expression, and back, by units, not
     * by characters, and so finds halves of them.
     */
    static final String BY_CHARACTERS = "(?!\udbff\udfff(?!))";
    private static final String AFTER_WORD = "(?<=" + BY_CHARACTERS + WORD + ")";
    private static final String NOT_AFTER_WORD = "(?<!" + BY_CHARACTERS + WORD + ")";
    private static final String BEFORE_WORD = "(?=" + WORD + ")";
    private static final String NOT_BEFORE_WORD = "(?!" + WORD + ")";

    private static final Pattern CODE = Pattern.compile("\\\\(?:x\\{[0-9A-Fa-f]{1,7}|o\\{[0-7]{1,10})}");
    private static final Pattern INTERVAL = Pattern.compile("\\{(\\d*)(,?)(\\d*)}");
    private static final Pattern FOLDS = Pattern.compile("\\(\\?[mx]*i");
    private static final Pattern CASES = Pattern.compile("\\\\[pP]\\{(?:L[ult]|(?:Is)?(?:Upper|Lower)(?:case)?)}");
    private static final Pattern FLAG_LETTERS = Pattern.compile("\\(\\?[imx-]+[:)]");
    private static final String LITERAL_LETTERS = "EFIJLQTUVijlmoqpP";

    /** What is between {@code [:} and {@code :]} in a class. */
    private static final Map<String, String> POSIX = Map.ofEntries(Map.entry("alnum", "\\p{IsAlphabetic}\\p{Nd}"),
            Map.entry("alpha", "\\p{IsAlphabetic}"), Map.entry("ascii", "\\x00-\\x7F"),
            Map.entry("blank", "\\t\\p{Zs}"), Map.entry("cntrl", "\\p{Cc}"), Map.entry("digit", "\\p{Nd}"),
            Map.entry("graph", "\\p{Graph}"), Map.entry("lower", "\\p{IsLowercase}"),
            Map.entry("print", "\\p{Print}"), Map.entry("punct", "\\p{P}\\p{S}"), Map.entry("space", "\\s"),
            Map.entry("upper", "\\p{IsUppercase}"), Map.entry("word", WORD_IN_CLASS),
            Map.entry("xdigit", HEX_DIGIT));

    /** Names of properties that Java calls otherwise, in small letters without spaces, {@code -} and {@code _}. */
    private static final Map<String, String> PROPERTIES = Map.ofEntries(Map.entry("any", "[\\x{0}-\\x{10FFFF}]"),
            Map.entry("assigned", "\\P{Cn}"), Map.entry("word", WORD),
            Map.entry("xdigit", "[" + HEX_DIGIT + "]"),
            Map.entry("letter", "\\p{L}"), Map.entry("casedletter", "\\p{LC}"),
            Map.entry("uppercaseletter", "\\p{Lu}"), Map.entry("lowercaseletter", "\\p{Ll}"),
            Map.entry("titlecaseletter", "\\p{Lt}"), Map.entry("modifierletter", "\\p{Lm}"),
            Map.entry("otherletter", "\\p{Lo}"), Map.entry("mark", "\\p{M}"),
            Map.entry("combiningmark", "\\p{M}"), Map.entry("nonspacingmark", "\\p{Mn}"),
            Map.entry("spacingmark", "\\p{Mc}"), Map.entry("enclosingmark", "\\p{Me}"),
            Map.entry("number", "\\p{N}"), Map.entry("decimalnumber", "\\p{Nd}"),
            Map.entry("letternumber", "\\p{Nl}"), Map.entry("othernumber", "\\p{No}"),
            Map.entry("punctuation", "\\p{P}"), Map.entry("connectorpunctuation", "\\p{Pc}"),
            Map.entry("dashpunctuation", "\\p{Pd}"), Map.entry("openpunctuation", "\\p{Ps}"),
            Map.entry("closepunctuation", "\\p{Pe}"), Map.entry("initialpunctuation", "\\p{Pi}"),
            Map.entry("finalpunctuation", "\\p{Pf}"), Map.entry("otherpunctuation", "\\p{Po}"),
            Map.entry("symbol", "\\p{S}"), Map.entry("mathsymbol", "\\p{Sm}"),
            Map.entry("currencysymbol", "\\p{Sc}"), Map.entry("modifiersymbol", "\\p{Sk}"),
            Map.entry("othersymbol", "\\p{So}"), Map.entry("separator", "\\p{Z}"),
            Map.entry("spaceseparator", "\\p{Zs}"), Map.entry("lineseparator", "\\p{Zl}"),
            Map.entry("paragraphseparator", "\\p{Zp}"), Map.entry("other", "\\p{C}"),
            Map.entry("control", "\\p{Cc}"), Map.entry("format", "\\p{Cf}"), Map.entry("surrogate", "\\p{Cs}"),
            Map.entry("privateuse", "\\p{Co}"), Map.entry("unassigned", "\\p{Cn}"),
            Map.entry("alphabetic", "\\p{IsAlphabetic}"), Map.entry("uppercase", "\\p{IsUppercase}"),
            Map.entry("lowercase", "\\p{IsLowercase}"), Map.entry("whitespace", "\\p{IsWhite_Space}"),
            Map.entry("ideographic", "\\p{IsIdeographic}"), Map.entry("emoji", "\\p{IsEmoji}"),
            Map.entry("emojipresentation", "\\p{IsEmoji_Presentation}"),
            Map.entry("extendedpictographic", "\\p{IsExtended_Pictographic}"));

    private final String source;
    private final StringBuilder java = new StringBuilder();
    private final Deque<Integer> groups = new ArrayDeque<>(); // where in java those begin that are open
    private final Deque<Integer> flags = new ArrayDeque<>(); // of each, how many more are open for flags set within it
    private int at;
    private int atom = -1; // where in java what a quantifier would repeat begins
    private boolean quantified; // whether that has a quantifier already

    private Oniguruma(String source) {
        this.source = source;
    }

    /**
     * Compiles an expression.
     *
     * @throws PatternSyntaxException
     *             if it is malformed, or Java cannot express it
     */
    static Pattern compile(String source) {
        return Pattern.compile(BY_CHARACTERS + new Oniguruma(source).rewritten(), FLAGS);
    }

    private String rewritten() {
        flags.push(0);
        while (at < source.length()) {
            char c = source.charAt(at);
            boolean again = quantified;
            quantified = false;
            switch (c) {
                case '\\' -> {
                    atom = java.length();
                    escape(false);
                }
                case '[' -> {
                    atom = java.length();
                    characterClass();
                }
                case '(' -> group();
                case ')' -> {
                    if (groups.isEmpty()) {
                        throw new PatternSyntaxException("a group ends that did not begin", source, at);
                    }
                    atom = groups.pop();
                    java.repeat(')', flags.pop());
                    copy(1);
                }
                case '{' -> interval(again);
                case '*', '+', '?' -> {
                    onceMore(again);
                    copy(1);
                    if (source.startsWith("?", at) || source.startsWith("+", at)) {
                        copy(1);
                    }
                    quantified = true;
                }
                case '}' -> {
                    atom = java.length();
                    java.append("\\}");
                    at++;
                }
                case '|' -> copy(1);
                default -> {
                    atom = java.length();
                    copy(Character.charCount(source.codePointAt(at)));
                }
            }
        }
        return java.append(")".repeat(flags.pop())).toString();
    }

    /** Makes one of what has a quantifier already, which Java would take another one behind it for text. */
    private void onceMore(boolean again) {
        if (again && atom >= 0) {
            java.insert(atom, "(?:").append(')');
        }
    }

    private void copy(int units) {
        java.append(source, at, at + units);
        at += units;
    }

    private void group() {
        if (source.startsWith("(?#", at)) {
            int close = source.indexOf(')', at);
            at = close < 0 ? source.length() : close + 1;
            return;
        }
        groups.push(java.length());
        atom = -1;
        flags.push(0);
        Matcher letters = FLAG_LETTERS.matcher(source).region(at, source.length());
        if (source.startsWith("(?<=", at) || source.startsWith("(?<!", at)) {
            copy(4);
            java.append(BY_CHARACTERS);
        } else if (letters.lookingAt()) {
            java.append(letters.group().replace('m', 's').replace(')', ':')); // a dot that matches line ends
            at = letters.end();
            if (source.charAt(at - 1) == ')') { // they are for all that follows, and a | there parts only that
                groups.pop();
                flags.pop();
                flags.push(flags.pop() + 1);
            }
        } else {
            copy(source.startsWith("(?", at) ? 2 : 1);
        }
    }

    /** A number of times; a brace that is none is a character like any other. */
    private void interval(boolean again) {
        Matcher times = INTERVAL.matcher(source).region(at, source.length());
        if (atom < 0 || !times.lookingAt() || (times.group(1).isEmpty() && times.group(3).isEmpty())) {
            atom = java.length();
            java.append("\\{");
            at++;
            return;
        }
        onceMore(again);
        quantified = true;
        boolean exact = times.group(2).isEmpty();
        String least = times.group(1).isEmpty() ? "0" : times.group(1);
        java.append('{').append(least).append(exact ? "" : "," + times.group(3)).append('}');
        at = times.end();
        boolean repeated = at < source.length()
                && (source.charAt(at) == '+' || (exact && source.charAt(at) == '?'));
        if (repeated) { // not a possessive one, nor a reluctant one
            onceMore(true);
            copy(1);
        } else if (source.startsWith("?", at)) {
            copy(1);
        }
    }

    private void characterClass() {
        copy(1);
        if (source.startsWith("^", at)) {
            copy(1);
        }
        int part = java.length(); // where that of an intersection begins
        boolean several = false;
        if (source.startsWith("]", at)) {
            java.append("\\]");
            at++;
        }
        while (at < source.length()) {
            char c = source.charAt(at);
            if (source.startsWith("&&", at)) {
                bracket(part);
                java.append("&&");
                part = java.length();
                several = true;
                at += 2;
            } else if (c == ']') {
                if (several) {
                    bracket(part);
                }
                copy(1);
                return;
            } else if (c == '\\') {
                escape(true);
            } else if (c != '[') {
                copy(1);
            } else if (!posix()) {
                characterClass();
            }
        }
    }

    /** Puts a part of an intersection into brackets of its own: without, Java takes several another way. */
    private void bracket(int part) {
        java.insert(part, '[').append(java.length() == part + 1 ? NOTHING : "").append(']');
    }

    private boolean posix() {
        int close = source.startsWith("[:", at) ? source.indexOf(":]", at) : -1;
        boolean negated = source.startsWith("[:^", at);
        String content = close < 0 ? null : POSIX.get(source.substring(at + (negated ? 3 : 2), close));
        if (content == null) {
            return false;
        }
        java.append(negated ? "[^" : "[").append(content).append(']');
        at = close + 2;
        return true;
    }

    private void escape(boolean inClass) {
        if (at + 1 == source.length()) {
            copy(1); // Java complains
            return;
        }
        char c = source.charAt(at + 1);
        String own = switch (c) {
            case 'w' -> inClass ? WORD_IN_CLASS : WORD;
            case 'W' -> inClass ? "[\\W\u200c\u200d]" : "[^" + WORD + "]";
            case 'b' -> inClass
                    ? "\\x08"
                    : "(?:" + AFTER_WORD + NOT_BEFORE_WORD + "|" + NOT_AFTER_WORD + BEFORE_WORD + ")";
            case 'B' -> "(?:" + AFTER_WORD + BEFORE_WORD + "|" + NOT_AFTER_WORD + NOT_BEFORE_WORD + ")";
            case 'h' -> "[" + HEX_DIGIT + "]";
            case 'H' -> "[^" + HEX_DIGIT + "]";
            case 'v' -> "\\x0B";
            default -> null;
        };
        if (own != null) {
            java.append(own);
            at += 2;
        } else if (c == '0') {
            int end = at + 2;
            while (end < source.length() && end < at + 4 && source.charAt(end) >= '0' && source.charAt(end) <= '7') {
                end++;
            }
            java.append(String.format(Locale.ROOT, "\\x%02X", Integer.parseInt(source.substring(at + 1, end), 8)));
            at = end;
        } else if ((c == 'p' || c == 'P') && source.startsWith("{", at + 2) && source.indexOf('}', at) > 0) {
            int close = source.indexOf('}', at);
            boolean negated = source.charAt(at + 3) == '^';
            String property = property(source.substring(negated ? at + 4 : at + 3, close), negated != (c == 'P'),
                    inClass);
            java.append(!inClass && FOLDS.matcher(source).find() && CASES.matcher(property).matches()
                    ? "(?-i:" + property + ")" // which case does not matter to Java
                    : property);
            at = close + 1;
        } else if ((c == 'x' || c == 'o') && CODE.matcher(source).region(at, source.length()).lookingAt()) {
            int close = source.indexOf('}', at);
            int code = Integer.parseInt(source.substring(at + 3, close), c == 'x' ? 16 : 8);
            java.append(String.format(Locale.ROOT, "\\x{%X}", code));
            at = close + 1;
        } else if (LITERAL_LETTERS.indexOf(c) >= 0) {
            java.append(c);
            at += 2;
        } else {
            copy(1 + Character.charCount(source.codePointAt(at + 1)));
        }
    }

    private static String property(String name, boolean negated, boolean inClass) {
        String plain = name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
        String known = inClass && plain.equals("word") ? WORD_IN_CLASS : PROPERTIES.get(plain);
        if (known != null) {
            return negated ? "[^" + known + "]" : known;
        }
        String java = plain.length() > 2 && script(name) != null
                ? "Is" + script(name)
                : name.startsWith("In_") ? "In" + name.substring(3) : name;
        return (negated ? "\\P{" : "\\p{") + java + "}";
    }

    private static @Nullable String script(String name) {
        try {
            return Character.UnicodeScript.forName(name.replace(' ', '_')).name();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
