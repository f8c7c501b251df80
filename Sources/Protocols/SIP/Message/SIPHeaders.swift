import Wire

/// The header fields of a message, in order.
///
/// A field keeps the bytes of its value and, for the headers that routing and dialogs live on, what they mean. A value
/// made here can hold no line break and no NUL (they become spaces), so that no text from outside can add a header.
package struct SIPHeaders: Sendable {
    /// One header line.
    ///
    /// It shares the bytes it stands in, those of its whole message or its own, with whoever else has it: messages hand
    /// their fields on as they are. Places are kept as 32 bits, so that a message's fields are one small array.
    package struct Field: Sendable {
        package let name: SIPHeaderName
        let source: [UInt8]
        let valueStart: UInt32
        let valueEnd: UInt32
        /// Where the name stands as it came or will be written; empty for the usual spelling of a known name.
        let spellingStart: UInt32
        let spellingEnd: UInt32
        let meaning: Meaning

        /// The value, unfolded and trimmed, and the spelling are parts of `source`.
        init(
            name: SIPHeaderName, spelling: Range<Int>? = nil, value: Range<Int>, in source: [UInt8], meaning: Meaning
        ) {
            (self.name, self.source, self.meaning) = (name, source, meaning)
            (valueStart, valueEnd) = (UInt32(value.lowerBound), UInt32(value.upperBound))
            (spellingStart, spellingEnd) = (UInt32(spelling?.lowerBound ?? 0), UInt32(spelling?.upperBound ?? 0))
        }

        private var hasSpelling: Bool { spellingStart < spellingEnd }
        private var spelling: Span<UInt8> {
            @_lifetime(borrow self) get { source.span.extracting(Int(spellingStart)..<Int(spellingEnd)) }
        }
        var bytes: Span<UInt8> {
            @_lifetime(borrow self) get { source.span.extracting(Int(valueStart)..<Int(valueEnd)) }
        }
        /// A Contact that stands for all.
        var isWildcard: Bool { bytes.count == 1 && bytes[0] == UInt8(ascii: "*") }

        package var nameText: String { hasSpelling ? SIP.text(spelling) : name.text }
        package var value: String {
            if case .text(let text) = meaning { text } else { SIP.text(bytes) }
        }

        /// What it takes as a line; no known name is longer than 20 bytes.
        var bytesOnWire: Int { Int(valueEnd - valueStart) + Int(spellingEnd - spellingStart) + 24 }

        func isNamed(_ text: String) -> Bool {
            hasSpelling ? equalIgnoringCase(spelling, text) : equalIgnoringCase(name.text, text)
        }
    }

    /// The parsed form of the values in one field.
    enum Meaning: Sendable {
        case unread
        case vias([Via])
        case addresses([NameAddress])
        case cseq(CSeq)
        /// Of a Call-ID, which is asked for again and again.
        case text(String)
    }

    package private(set) var fields: [Field]

    package init() { fields = [] }

    /// Empty, with room for that many fields.
    init(capacity: Int) {
        fields = []
        fields.reserveCapacity(capacity)
    }

    init(fields: [Field]) { self.fields = fields }

    // MARK: Any header

    package func contains(_ name: SIPHeaderName) -> Bool { index(of: name) != nil }

    /// The first value of a header, whole.
    ///
    /// Setting puts one field in the place of all of that name; nil removes them.
    package subscript(name: SIPHeaderName) -> String? {
        get { index(of: name).map { fields[$0].value } }
        set {
            guard name != .other else { return }
            if let newValue { set(Field(name, newValue)) } else { remove(name) }
        }
    }

    /// As the other subscript, for a name outside `SIPHeaderName`; what cannot be a name is not set.
    package subscript(name: String) -> String? {
        get {
            let known = SIPHeaderName(name)
            return known == .other ? fields.first { $0.isNamed(name) }?.value : self[known]
        }
        set {
            fields.removeAll { $0.isNamed(name) }
            if let newValue { append(name, newValue) }
        }
    }

    /// Every field's value of that name, whole.
    package func all(_ name: SIPHeaderName) -> [String] { values(of: name) { [$0.value] } }

    /// The items of a comma-separated header (Allow, Supported …) over all its fields.
    package func list(_ name: SIPHeaderName) -> [String] {
        values(of: name) { splitList($0.bytes) }
    }

    package mutating func append(_ name: SIPHeaderName, _ value: String) {
        guard name != .other else { return }
        fields.append(Field(name, value))
    }

    /// Adds a header by any name; a name that is no token is left out.
    package mutating func append(_ name: String, _ value: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(Grammar.isToken) else { return }
        let known = SIPHeaderName(name)
        fields.append(known == .other ? Field(spelled: name, value) : Field(known, value))
    }

    package mutating func remove(_ name: SIPHeaderName) {
        guard contains(name) else { return }
        fields.removeAll { $0.name == name }
    }

    /// Adds every field of that name of another message, byte for byte.
    package mutating func copy(_ name: SIPHeaderName, from other: SIPHeaders) {
        let candidates = other.fields.span
        for index in candidates.indices where candidates[index].name == name { fields.append(candidates[index]) }
    }

    // MARK: Inside the module

    /// Where the first field of a name stands.
    func index(of name: SIPHeaderName) -> Int? {
        // A span lends its elements, where an array hands out copies.
        let fields = self.fields.span
        for index in fields.indices where fields[index].name == name { return index }
        return nil
    }

    func first(_ name: SIPHeaderName) -> Field? { index(of: name).map { fields[$0] } }

    /// What `read` makes of the first value of a header; nil without the header.
    func read<Value>(_ name: SIPHeaderName, _ read: (Span<UInt8>) -> Value?) -> Value? {
        guard let index = index(of: name) else { return nil }
        return read(fields[index].bytes)
    }

    /// What `read` makes of each field of a name, in one list.
    func values<Value>(of name: SIPHeaderName, _ read: (Field) -> [Value]) -> [Value] {
        guard let first = index(of: name) else { return [] }
        var values = read(fields[first])
        for index in fields.indices.dropFirst(first + 1) where fields[index].name == name {
            values += read(fields[index])
        }
        return values
    }

    /// Puts fields where the first of that name stood, or at the end, and drops the others.
    mutating func replace(_ name: SIPHeaderName, with replacement: [Field]) {
        guard name != .other else { return }
        guard let index = index(of: name) else {
            fields.append(contentsOf: replacement)
            return
        }
        fields.removeAll { $0.name == name }
        fields.insert(contentsOf: replacement, at: index)
    }

    /// Puts one field in the place of all of its name.
    mutating func set(_ field: Field) {
        guard let place = index(of: field.name) else { return fields.append(field) }
        fields[place] = field
        for other in fields.indices.dropFirst(place + 1).reversed() where fields[other].name == field.name {
            fields.remove(at: other)
        }
    }

    mutating func insert(_ field: Field, at index: Int) { fields.insert(field, at: index) }
    mutating func replace(at index: Int, with field: Field) { fields[index] = field }
    mutating func remove(at index: Int) { fields.remove(at: index) }
    mutating func append(_ field: Field) { fields.append(field) }
}

extension SIPHeaders.Field {
    /// A value from text, with line breaks and NULs made spaces.
    init(_ name: SIPHeaderName, _ value: String) {
        self.init(name, whole: Self.cleaned(value)) { Self.meaning(of: name, $0) }
    }

    /// A field of a name that is not known.
    fileprivate init(spelled name: String, _ value: String) {
        let source = Array(name.utf8) + Self.cleaned(value)
        let end = name.utf8.count
        self.init(name: .other, spelling: 0..<end, value: end..<source.count, in: source, meaning: .unread)
    }

    init(_ name: SIPHeaderName, vias: [Via]) {
        self.init(name, whole: Self.joined(vias) { $0.append(to: &$1) }) { _ in .vias(vias) }
    }

    init(_ name: SIPHeaderName, addresses: [NameAddress]) {
        self.init(name, whole: Self.joined(addresses) { $0.append(to: &$1) }) { _ in .addresses(addresses) }
    }

    /// An address with a tag, if it has none.
    func tagged(_ tag: String?) -> SIPHeaders.Field {
        guard let tag, var address = addresses.first, address.tag == nil else { return self }
        address.tag = tag
        return SIPHeaders.Field(name, addresses: [address])
    }

    /// The same value as another header.
    func named(_ name: SIPHeaderName) -> SIPHeaders.Field {
        SIPHeaders.Field(name: name, value: Int(valueStart)..<Int(valueEnd), in: source, meaning: meaning)
    }

    /// The value of another field, with bytes of its own: a dialog does not keep the message it began with.
    init(_ name: SIPHeaderName, copying other: SIPHeaders.Field) {
        self.init(name, whole: Self.cleaned([UInt8](copying: other.bytes))) { _ in other.meaning }
    }

    /// The Max-Forwards of a request that begins here (RFC 3261 section 8.1.1.6).
    static let allHops = SIPHeaders.Field(.maxForwards, "70")

    init(callID: String) { self.init(.callID, callID) }

    init(cseq: CSeq) {
        var text = OctetWriter(capacity: 32)
        text.append(decimal: Int64(cseq.number))
        text.append(UInt8.space)
        text.append(cseq.method.rawValue)
        self.init(.cseq, whole: Self.cleaned(text.bytes)) { _ in .cseq(cseq) }
    }

    /// A value that has its bytes for itself.
    private init(
        _ name: SIPHeaderName, whole bytes: [UInt8], _ meaning: (Span<UInt8>) -> SIPHeaders.Meaning
    ) {
        self.init(name: name, value: 0..<bytes.count, in: bytes, meaning: meaning(bytes.span))
    }

    private static func cleaned(_ value: String) -> [UInt8] { cleaned(Array(value.utf8)) }

    private static func cleaned(_ bytes: [UInt8]) -> [UInt8] {
        let span = bytes.span
        if span.nextBreak() == span.count, span.first?.isWhitespace != true, span.last?.isWhitespace != true {
            return bytes
        }
        var clean = bytes
        for index in clean.indices where [0, UInt8.lineFeed, UInt8.carriageReturn].contains(clean[index]) {
            clean[index] = UInt8.space
        }
        var inner: [UInt8] = []
        inner.append(trimmed(clean.span))
        return inner
    }

    /// What a value means; `unread` for headers read on demand and for what is malformed.
    static func meaning(of name: SIPHeaderName, _ bytes: Span<UInt8>) -> SIPHeaders.Meaning {
        switch name {
        case .via: Via.parseList(bytes, limit: SIPLimits.vias).map { .vias($0) } ?? .unread
        case .from, .to: NameAddress.parseList(bytes, limit: 1).map { .addresses($0) } ?? .unread
        case .contact, .route, .recordRoute:
            NameAddress.parseList(bytes, limit: SIPLimits.listValues).map { .addresses($0) } ?? .unread
        case .cseq: CSeq.parse(bytes).map { .cseq($0) } ?? .unread
        case .callID: .text(text(bytes))
        default: .unread
        }
    }

    private static func joined<Value>(_ values: [Value], _ append: (Value, inout OctetWriter) -> Void) -> [UInt8] {
        var text = OctetWriter()
        for value in values {
            if text.count > 0 { text.append(", ") }
            append(value, &text)
        }
        return cleaned(text.bytes)
    }
}
