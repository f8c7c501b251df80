// The command line: what is wanted, and where its settings come from. Everything else is in the folders beside.
let arguments = Array(CommandLine.arguments.dropFirst())

switch arguments.first {
case "serve": await ServeCommand.run()
case "check": CheckCommand.run()
case "config": ConfigCommand.run()
case "health": HealthCommand.run()
case "token": TokenCommand.run(Array(arguments.dropFirst()))
case "account": await AccountCommand.main(Array(arguments.dropFirst()))
case "trunk" where arguments.dropFirst().first == "check":
    await TrunkCheckCommand.main(Array(arguments.dropFirst(2)))
case "trunk": await TrunkCommand.main(Array(arguments.dropFirst()))
case "route": await RouteCommand.main(Array(arguments.dropFirst()))
case "queue": await QueueCommand.main(Array(arguments.dropFirst()))
case "phone": await PhoneCommand.main(Array(arguments.dropFirst()))
case "line": await LineCommand.main(Array(arguments.dropFirst()))
case "company": await CompanyCommand.main(Array(arguments.dropFirst()))
case "db": DatabaseCommand.main(Array(arguments.dropFirst()))
case "mango": await MangoCommand.run(Array(arguments.dropFirst()))
case "status", "calls", "call", "hangup", "trunks", "registrations": await OperatorCommand.main(arguments)
case "user": await UserCommand.main(Array(arguments.dropFirst()))
case "version", "--version": print("tandem \(Program.version)")
case nil, "help", "--help", "-h": print(Program.help)
case let unknown?:
    Program.fail(.usage, "there is no command \"\(unknown)\"; tandem help lists them")
}
