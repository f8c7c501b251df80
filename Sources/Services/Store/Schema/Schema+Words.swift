/// Letters that the tokenizer of `call_words` takes for others than `fold` does.
///
/// It folds cases by Unicode 6.1, each letter by itself; all of Unicode was compared. Nearly no text has any.
enum UnusualLetters {
    /// In order; the gaps that they have in common with others are filled, which costs a little time where those are used.
    private static let ranges: [ClosedRange<UInt32>] = [
        0xB5...0xB5, 0x130...0x130, 0x17F...0x17F, 0x345...0x345, 0x37F...0x37F, 0x3C2...0x3C2, 0x3D0...0x3D6,
        0x3F0...0x3F5, 0x526...0x52F, 0x13A0...0x13FF, 0x1C80...0x1CBF, 0x1E9B...0x1E9E, 0x1FBE...0x1FBE,
        0x2C2F...0x2C2F, 0xA640...0xA7FF, 0xAB30...0xABBF, 0xFFFD...0xFFFF, 0x10400...0x10FFF, 0x11800...0x118FF,
        0x16E00...0x16EFF, 0x1E800...0x1E9FF,
    ]

    static func contains(_ letter: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(letter.value) } }

    /// For GLOB: a text that has one of them; and texts that may have, looked at first, because GLOB reads a whole set for
    /// each character: those with more than ASCII, and with more than what Russian and its neighbours are written with.
    static let pattern = "*[\(set(ranges))]*"
    static let beyondASCII = "*[^\(set([0x20...0x7E]))]*"
    static let beyondCyrillic = "*[^\(set([0x20...0xB4, 0xB6...0x12F, 0x400...0x525, 0x2010...0x2122]))]*"

    private static func set(_ ranges: [ClosedRange<UInt32>]) -> String {
        var letters = String.UnicodeScalarView()
        for range in ranges {
            let bounds = range.count == 1 ? [range.lowerBound] : [range.lowerBound, 0x2D, range.upperBound]
            letters.append(contentsOf: bounds.compactMap { Unicode.Scalar($0) })
        }
        return String(letters)
    }
}

/// The columns of `call_words`.
///
/// A number that is its own normal form, but for a plus sign, is there once; of others the text and the normal form are
/// apart, because the text that is looked for is compared with one and its digits with the other.
enum CallWords {
    /// Where a text stands as people wrote it, and where digits stand in their normal form.
    static let written = "caller receiver caller_text receiver_text customer_name notes"
    static let normal = "caller receiver caller_norm receiver_norm"

    static let columns =
        "caller, caller_text, caller_norm, receiver, receiver_text, receiver_norm, customer_name, notes"

    /// Their values of a row of `calls`.
    static func values(of row: String) -> String {
        let numbers = ["caller", "receiver"].map { end in
            let (number, norm) = ("\(row).\(end)_number", "\(row).\(end)_norm")
            let isNormal = "\(number) IN (\(norm), '+' || \(norm))"
            let text = "iif(\(isNormal), \(number), NULL), iif(\(isNormal), NULL, \(number))"
            return "\(text), iif(\(isNormal), NULL, \(norm))"
        }
        return (numbers + ["\(row).customer_name", "\(row).notes"]).joined(separator: ", ")
    }
}

extension Schema {
    /// For SQLite what `search` is for PostgreSQL: all groups of three characters of what is looked for, without the texts
    /// themselves, which the calls have.
    ///
    /// Writing a hundred calls into the index costs little more than one, so the newest wait until they are so many, and are
    /// looked at one by one; `call_words_reach` says up to which call it is.
    static func words(_ sql: Dialect) -> String {
        sql == .sqlite ? wordTables + unusualIndex + wordTriggers + wordFilling : ""
    }

    /// How many calls are put into the index at once.
    private static let wordBatch = 128

    /// Merging sixteen parts at a time writes half as much as four, and seldom makes a call wait.
    private static let wordTables = """
        CREATE VIRTUAL TABLE call_words USING fts5(
            \(CallWords.columns), content = '', columnsize = 0, tokenize = 'trigram');
        INSERT INTO call_words (call_words, rank) VALUES ('automerge', 16);
        INSERT INTO call_words (call_words, rank) VALUES ('crisismerge', 64);
        CREATE TABLE call_words_reach (call_pk INTEGER NOT NULL);

        """

    /// The newest call that may be in the index.
    static let wordReach = "(SELECT call_pk FROM call_words_reach)"

    /// Whether a call is not in `call_words`, word for word as `calls_unusual` has it.
    static let hasUnusualText = unusual(of: "")

    private static let texts = ["caller_number", "receiver_number", "customer_name", "notes"]

    private static func unusual(of row: String) -> String {
        texts.map { text in
            let first = text.hasSuffix("number") ? UnusualLetters.beyondASCII : UnusualLetters.beyondCyrillic
            return "\(row)\(text) GLOB '\(first)' AND \(row)\(text) GLOB '\(UnusualLetters.pattern)'"
        }.joined(separator: " OR ")
    }

    private static let unusualIndex = """
        CREATE INDEX calls_unusual ON calls (id) WHERE \(hasUnusualText);

        """

    /// In the transaction that changes the call, and only when what is looked for has changed.
    private static let wordTriggers: String = {
        let sources = texts + ["caller_norm", "receiver_norm"]
        func all(_ row: String) -> String { sources.map { "\(row).\($0)" }.joined(separator: ", ") }
        let adding = """
            INSERT INTO call_words (rowid, \(CallWords.columns)) SELECT NEW.id, \(CallWords.values(of: "NEW"))
                WHERE NEW.id <= \(wordReach) AND (\(unusual(of: "NEW."))) IS NOT TRUE;
            """
        // A table without texts must be told which ones go.
        let removing = """
            INSERT INTO call_words (call_words, rowid, \(CallWords.columns))
                SELECT 'delete', OLD.id, \(CallWords.values(of: "OLD"))
                WHERE OLD.id <= \(wordReach) AND (\(unusual(of: "OLD."))) IS NOT TRUE;
            """
        let isBatchFull = "NEW.id >= \(wordReach) + \(wordBatch)"
        return """
            CREATE TRIGGER call_words_insert AFTER INSERT ON calls
            WHEN NEW.id <= \(wordReach) OR \(isBatchFull) BEGIN
            \(adding)
            \(wordFilling(when: isBatchFull))
            UPDATE call_words_reach SET call_pk = (SELECT max(id) FROM calls) WHERE \(isBatchFull);
            END;
            CREATE TRIGGER call_words_delete AFTER DELETE ON calls WHEN OLD.id <= \(wordReach) BEGIN
            \(removing)
            END;
            CREATE TRIGGER call_words_update AFTER UPDATE OF id, \(sources.joined(separator: ", ")) ON calls
            WHEN (OLD.id, \(all("OLD"))) IS NOT (NEW.id, \(all("NEW"))) BEGIN
            \(removing)
            \(adding)
            END;

            """
    }()

    /// Puts the calls into the index that are beyond its reach.
    private static func wordFilling(when condition: String) -> String {
        """
        INSERT INTO call_words (rowid, \(CallWords.columns)) SELECT id, \(CallWords.values(of: "calls")) FROM calls
            WHERE \(condition) AND id > \(wordReach) AND (\(hasUnusualText)) IS NOT TRUE;
        """
    }

    private static let wordFilling = """
        INSERT INTO call_words_reach (call_pk) VALUES (0);
        \(wordRefilling(.sqlite))
        """

    /// Puts all calls into the index that are not there yet, by their numbers.
    static func wordRefilling(_ sql: Dialect) -> String {
        guard sql == .sqlite else { return "" }
        return """
            \(wordFilling(when: "TRUE"))
            UPDATE call_words_reach SET call_pk = (SELECT coalesce(max(id), 0) FROM calls);

            """
    }
}
