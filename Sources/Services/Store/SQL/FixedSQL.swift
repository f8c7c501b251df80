/// A statement whose text lives as long as the program: a connection finds it by identity and does not hash kilobytes
/// of text for every row.
final class FixedSQL: Sendable {
    let text: String

    init(_ text: String) { self.text = text }
}
