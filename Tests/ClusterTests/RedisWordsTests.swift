import Testing

@testable import Cluster

struct RedisWordsTests {
    @Test(arguments: [
        ["SET", "key", "before\0after"], ["PUBLISH", "gateway:events", "\0"], ["SADD", "", "имя", ""], [""], [],
    ]) func `every word has all its bytes, zeros too`(words: [String]) {
        let made = RedisWords(words)
        let read = made.withPointers { pointers in
            zip(pointers, made.lengths).map { pointer, length in
                String(decoding: UnsafeRawBufferPointer(start: pointer, count: length), as: UTF8.self)
            }
        }
        #expect(read == words)
    }
}
