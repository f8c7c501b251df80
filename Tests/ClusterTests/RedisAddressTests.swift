import Testing

@testable import Cluster

struct RedisAddressTests {
    @Test func `an address is read with what it says and what it leaves out`() throws {
        let plain = try RedisAddress("redis://localhost")
        #expect(plain.host == "localhost" && plain.port == 6379 && plain.database == 0 && plain.password == nil)
        let full = try RedisAddress("redis://user:p%40ss@[2001:db8::1]:7000/3")
        #expect(full.host == "2001:db8::1" && full.port == 7000 && full.database == 3)
        #expect(full.user == "user" && full.password == "p@ss")
        let password = try RedisAddress("redis://:secret@10.0.0.1:6380/")
        #expect(password.user == nil && password.password == "secret" && password.port == 6380)
    }

    @Test(arguments: ["rediss://host", "http://host", "localhost:6379", "unix:/run/redis.sock", ""])
    func `other schemes are refused as such`(text: String) {
        #expect(throws: RedisAddress.Problem.scheme) { try RedisAddress(text) }
    }

    @Test(arguments: [
        "redis://", "redis://:6379", "redis://h:0", "redis://h:70000", "redis://h:x", "redis://h/x", "redis://h/1234",
        "redis://user@h", "redis://:%zz@h", "redis://a b",
    ]) func `what cannot be read is refused`(text: String) {
        #expect(throws: RedisAddress.Problem.malformed) { try RedisAddress(text) }
    }
}
