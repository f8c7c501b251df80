import Wire

/// Feeds one byte stream to a framer in every way a network may cut it, and fails unless each way gives the same frames.
///
/// Whole, split in two at every point, byte by byte, in pieces of a few sizes, and in `seeds.count` random cuts.
/// `feed` returns the frames that became complete.
package func verifyFraming<Framer: ~Copyable, Frame: Equatable>(
    of stream: [UInt8], yields expected: [Frame], seeds: [UInt64] = Seeds.some(8), make: () throws -> Framer,
    feed: (inout Framer, [UInt8]) throws -> [Frame]
) throws {
    for cuts in cuttings(of: stream.count, seeds) {
        var framer = try make()
        var frames: [Frame] = []
        var start = 0
        for end in cuts + [stream.count] {
            do { frames += try feed(&framer, Array(stream[start..<end])) } catch {
                throw FramingMismatch(cuts: cuts, detail: "\(error) on bytes \(start)..<\(end)")
            }
            start = end
        }
        guard frames == expected else {
            throw FramingMismatch(cuts: cuts, detail: "\(frames) where \(expected) was expected")
        }
    }
}

/// A way to cut a stream that gave something other than it should.
package struct FramingMismatch: Error, CustomStringConvertible {
    package let cuts: [Int]
    package let detail: String

    package var description: String { "cut at \(cuts): \(detail)" }
}

private func cuttings(of count: Int, _ seeds: [UInt64]) -> [[Int]] {
    guard count > 0 else { return [[]] }
    var cuttings: [[Int]] = [[]]
    cuttings += (0...count).map { [$0] }
    cuttings += [1, 2, 3, 7].map { Array(stride(from: $0, to: count, by: $0)) }
    for seed in seeds {
        var entropy = Entropy(seed: seed)
        let pieces = Int.random(in: 2...12, using: &entropy)
        cuttings.append((1..<pieces).map { _ in Int.random(in: 0...count, using: &entropy) }.sorted())
    }
    return cuttings
}
