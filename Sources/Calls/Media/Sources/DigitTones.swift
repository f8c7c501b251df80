import CSpanDSP
import Glibc
import RTP

/// The sixteen digits as tones (ITU-T Q.23) in the codecs of telephones, made once for the process.
struct DigitTones: Sendable {
    static let shared = DigitTones()

    /// Frames of 20 ms that one digit takes: a pause, its tone, and a shorter pause.
    ///
    /// The first pause parts it from what was said before; a decoder of G.722, which goes on from that, needs it to come
    /// to our encoder's state.
    static let framesPerDigit = 11
    private static let seconds = 0.02 * Double(framesPerDigit)
    private static let tone = 0.08..<0.18
    /// Bytes of a frame, which in G.711 and in G.722 are as many as ticks of the clock.
    static let frame = 160

    private static let rows = [697.0, 770, 852, 941]
    private static let columns = [1209.0, 1336, 1477, 1633]
    private static let keys = Array("123A456B789C*0#D")
    /// The higher tone is louder by 2 dB, as long lines want it; both are well below what overloads one.
    private static let rowLevel = -9.0
    private static let columnLevel = -7.0

    private let muLaw: [[UInt8]]
    private let aLaw: [[UInt8]]
    private let wideband: [[UInt8]]

    init() {
        let sounds = (0..<16).map { Self.sound(of: UInt8($0), rate: 8000) }
        muLaw = sounds.map { $0.map(G711.muLaw) }
        aLaw = sounds.map { $0.map(G711.aLaw) }
        wideband = (0..<16).map { Self.encode(Self.sound(of: UInt8($0), rate: 16_000)) }
    }

    /// One digit's frames in a codec, one after the other; nil where we have no encoder.
    func frames(_ code: UInt8, _ encoding: LegFormats.Encoding) -> [UInt8]? {
        guard code < 16 else { return nil }
        switch encoding {
        case .pcmu: return muLaw[Int(code)]
        case .pcma: return aLaw[Int(code)]
        case .g722: return wideband[Int(code)]
        case .opus, .other: return nil
        }
    }

    private static func sound(of code: UInt8, rate: Double) -> [Int16] {
        let place = TelephoneEvent.digit(code).flatMap { keys.firstIndex(of: $0) } ?? 0
        let (row, column) = (rows[place / 4], columns[place % 4])
        let (low, high) = (Decibels.peak(rowLevel), Decibels.peak(columnLevel))
        return (0..<Int(seconds * rate)).map { index in
            let time = Double(index) / rate
            guard tone.contains(time) else { return 0 }
            return Int16((low * sin(2 * .pi * row * time) + high * sin(2 * .pi * column * time)).rounded())
        }
    }

    /// G.722 at 64 kbit/s, of 16,000 samples a second.
    private static func encode(_ sound: [Int16]) -> [UInt8] {
        var encoded = [UInt8](repeating: 0, count: sound.count / 2)
        guard let encoder = g722_encode_init(nil, 64_000, 0) else { return encoded }
        defer { g722_encode_free(encoder) }
        _ = g722_encode(encoder, &encoded, sound, Int32(sound.count))
        return encoded
    }
}

/// Digits on their way out as tones, a frame each 20 ms.
struct DigitToneQueue {
    private var waiting: [UInt8] = []
    private var code: UInt8 = 0
    /// The next frame of the digit under way; 0 between digits.
    private var frame = 0

    /// Digits held at once; more are left out.
    private static let capacity = TelephoneEventSender.capacity

    var isIdle: Bool { frame == 0 && waiting.isEmpty }

    mutating func append(_ code: UInt8) {
        if waiting.count < Self.capacity { waiting.append(code) }
    }

    mutating func cancel() { (waiting, frame) = ([], 0) }

    /// The digit and its frame to be sent now; nil when nothing is left.
    mutating func step() -> (code: UInt8, frame: Int)? {
        if frame == 0 {
            guard !waiting.isEmpty else { return nil }
            code = waiting.removeFirst()
        }
        defer { frame = (frame + 1) % DigitTones.framesPerDigit }
        return (code, frame)
    }
}
