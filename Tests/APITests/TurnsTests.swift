import CallViews
import Testing
import Web
import Wire

@testable import API

struct TurnsTests {
    @Test func `each change reads what the one before it has written`() async {
        let (turns, sum) = (Turns(), Locked(0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 1...50 {
                group.addTask {
                    try? await turns.take { () async throws(Failure) -> Void in
                        let read = sum.withLock { $0 }
                        await Task.yield()
                        sum.withLock { $0 = read + 1 }
                    }
                }
            }
        }
        #expect(sum.withLock { $0 } == 50)
    }
}
