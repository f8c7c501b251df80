import Wire

/// A personal or secret value that never shows itself in a log line: printing it prints the mask.
package struct Private<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let value: Value
    private let mask: @Sendable (Value) -> String

    package init(_ value: Value, mask: @escaping @Sendable (Value) -> String) {
        self.value = value
        self.mask = mask
    }

    package var description: String { mask(value) }
    package var debugDescription: String { mask(value) }
}

extension Private where Value == String {
    /// A phone number or the user part of an address: `+7999***4567`, `***` when it is short.
    package static func number(_ text: String) -> Private { Private(text, mask: maskedNumber) }

    /// A password, token or key: nothing of it is shown.
    package static func secret(_ text: String) -> Private { Private(text) { _ in "***" } }
}

extension Private: Equatable where Value: Equatable {
    package static func == (left: Private, right: Private) -> Bool { left.value == right.value }
}

/// Keeps the first five and last four characters of a long number; up to four digits are an extension and stay.
package func maskedNumber(_ text: String) -> String {
    // Of numbers as they nearly always are, a character is a byte, and needs no looking for.
    let count = text.utf8.allSatisfy { $0 < 0x80 && $0 != ASCII.carriageReturn } ? text.utf8.count : text.count
    guard count > 4 else { return text }
    guard count >= 10 else { return text.prefix(1) + "***" }
    return text.prefix(5) + "***" + text.suffix(4)
}
