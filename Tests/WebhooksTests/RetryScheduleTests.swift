import Testing
import Wire

@testable import Webhooks

struct RetryScheduleTests {
    @Test func `delays double up to the longest, and chance moves them by a fifth`() {
        var entropy = Entropy(seed: 7)
        let schedule = RetrySchedule()
        for failures in 1...40 {
            let expected = min(Double(1 << min(failures - 1, 20)), 600)
            let delay = schedule.delay(after: failures, using: &entropy).inSeconds
            #expect(delay >= expected * 0.8 - 0.001 && delay <= expected * 1.2)
        }
        let many = (0..<50).map { _ in schedule.delay(after: 5, using: &entropy) }
        #expect(Set(many).count > 40)
    }
}
