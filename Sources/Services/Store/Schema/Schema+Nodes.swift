extension Schema {
    /// Which gateway a call is at, where several share a server; null where there is one, and for what others insert.
    static func nodes(_ sql: Dialect) -> String {
        """
        ALTER TABLE calls ADD COLUMN node_id \(sql.uuid);

        """
    }
}
