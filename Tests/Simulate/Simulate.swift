import CallKit
import Calls
import Glibc

/// Whole calls with everything that can happen to them, over networks that hardly work, in virtual time.
@main
struct Simulate {
    /// How many faults are shown with their signalling.
    private static let laddersShown = 10

    static func main() {
        guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
            print(Options.usage)
            exit(2)
        }
        print("seed \(options.seed), \(options.calls) calls in waves of \(Options.callsPerWave)")
        let start = clock()
        var (totals, faults, calls) = (Totals(), 0, 0)
        for (number, count) in options.waves {
            let result = run(number, count, options)
            totals += result.totals
            calls += count
            if !result.faults.isEmpty {
                report(result, number, options, ladders: max(0, laddersShown - faults))
                faults += result.faults.count
            }
        }
        print(totals.table)
        let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
        let rate = Int(Double(calls) / seconds)
        print("\(calls) calls in \(rounded(seconds)) s of processor time: \(rate) calls/s")
        print("fingerprint \(String(totals.fingerprint, radix: 16))")
        print(faults == 0 ? "no fault, seed \(options.seed)" : "\(faults) faults, seed \(options.seed)")
        exit(faults == 0 ? 0 : 1)
    }

    private static func run(_ number: Int, _ count: Int, _ options: Options) -> WaveResult {
        weak var calls: CallManager?
        let result = run(number, count, options) { calls = $0 }
        guard calls == nil else {
            return WaveResult(
                totals: result.totals, faults: result.faults + [Fault(text: "call control was not freed")])
        }
        return result
    }

    private static func run(
        _ number: Int, _ calls: Int, _ options: Options, _ meet: (CallManager) -> Void
    ) -> WaveResult {
        do {
            let wave = try Wave(seed: options.seed, number: number, calls: calls)
            meet(wave.exchange.calls)
            let result = try wave.run()
            if options.isVerbose { print("wave \(number): \(wave.weather); \(result.totals["record"]) records") }
            fflush(nil)
            return result
        } catch {
            return WaveResult(totals: Totals(), faults: [Fault(text: "the wave could not be run: \(error)")])
        }
    }

    private static func report(_ result: WaveResult, _ number: Int, _ options: Options, ladders: Int) {
        for (index, fault) in result.faults.enumerated() {
            print("FAULT seed \(options.seed) wave \(number): \(fault.text)")
            if index < ladders, let ladder = fault.ladder { print(ladder) }
        }
        print("  again: scripts/simulate --calls \(options.calls) --seed \(options.seed) --wave \(number)")
    }

    private static func rounded(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}

/// What came of one wave.
struct WaveResult {
    let totals: Totals
    let faults: [Fault]
}

/// Something that must not be.
struct Fault {
    let text: String
    /// The signalling of the call, where it is still known.
    var ladder: String?
}
