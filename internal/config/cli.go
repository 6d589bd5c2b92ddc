// Package config is the command line and its environment: what each command takes, checked and made whole before anything starts. Every
// flag can also be given as an environment variable SEALDESK_FLAG_NAME; a flag wins.
package config

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// CLI is the whole command line. Exactly one command is chosen; Parse says which.
type CLI struct {
	Serve   ServeCommand   `cmd:"" help:"Run the portal and the embedded engine."`
	Engine  EngineCommand  `cmd:"" help:"Run the embedded platform alone, show its credentials, open its console."`
	Demo    DemoCommand    `cmd:"" help:"Do the main job from end to end without a browser and leave its files in a folder."`
	User    UserCommand    `cmd:"" help:"Add and list the portal's accounts, set their passwords, reset their second factors."`
	Audit   AuditCommand   `cmd:"" help:"Verify, export and checkpoint the audit log."`
	Witness WitnessCommand `cmd:"" help:"Attest the checkpoints of the audit logs of another Sealdesk."`
	Erase   EraseCommand   `cmd:"" help:"Erase the personal data of one person from the events of the logs, whose proofs stay good."`
	Verify  VerifyCommand  `cmd:"" help:"Say of every signature in a PDF whether it is valid."`
	Backup  BackupCommand  `cmd:"" help:"Copy the data of a running or stopped Sealdesk into a folder."`
	Restore RestoreCommand `cmd:"" help:"Put a backup into a new data folder."`
	Health  HealthCommand  `cmd:"" help:"Ask a running Sealdesk for its health; for container health checks."`
	Version VersionCommand `cmd:"" help:"Print the version."`
}

// Names of the commands, as Parse returns them.
const (
	Serve             = "serve"
	EngineRun         = "engine run"
	EngineCredentials = "engine credentials"
	EngineConsole     = "engine console"
	Demo              = "demo"
	UserAdd           = "user add"
	UserPasswd        = "user passwd"
	UserFactor        = "user reset-factor"
	UserList          = "user list"
	AuditVerify       = "audit verify"
	AuditExport       = "audit export"
	AuditCheckpoint   = "audit checkpoint"
	Witness           = "witness"
	Erase             = "erase"
	Verify            = "verify"
	Backup            = "backup"
	Restore           = "restore"
	Health            = "health"
	Version           = "version"
)

// DataFlags say where the data lies.
type DataFlags struct {
	Data string `help:"Folder of databases, files and keys." default:"./data" placeholder:"DIR"`
}

// LogFlags say how the program logs.
type LogFlags struct {
	LogFormat string `help:"Format of the log: text or json." enum:"text,json" default:"json"`
	LogLevel  string `help:"Least level that is logged." enum:"debug,info,warn,error" default:"info"`
}

// EngineFlags are the embedded platform's.
type EngineFlags struct {
	EngineListen string   `help:"Address of the engine: API and signers' pages." default:"127.0.0.1:8081" placeholder:"HOST:PORT"`
	EngineURL    string   `name:"engine-url" help:"How signers reach the engine; links and QR codes begin with it. Default: http:// and the engine's address." placeholder:"URL"`
	Fonts        []string `help:"Further fonts for characters that the built-in one lacks." placeholder:"FILE"`
	AllowPrivate bool     `name:"allow-private" help:"Let the engine fetch files from and send callbacks to this machine and private networks; for development."`
	Simulate     bool     `help:"Let the engine's console bend its world, and offer channels whose outcome is chosen; all that is signed so says SIMULATED for ever. For trying out and tests only."`
	TSAURL       string   `name:"tsa-url" help:"Outside time-stamping authority (RFC 3161) for every signature of the engine; without its stamp nothing is signed. Default: the engine's own." placeholder:"URL"`
	TSARoot      string   `name:"tsa-root" help:"Root certificates, in PEM, that the authority's must lead to; default: those of the system." type:"existingfile" placeholder:"FILE"`
}

// PlatformFlags choose the platform that the portal talks to.
type PlatformFlags struct {
	Endpoint      string `help:"The platform: embedded, or the cloud's https address." default:"embedded" placeholder:"URL"`
	Region        string `help:"Region of the cloud, where it asks for one." placeholder:"NAME"`
	SecretID      string `secret:"" name:"secret-id" help:"Secret id of the cloud account." placeholder:"ID"`
	SecretIDFile  string `name:"secret-id-file" help:"File that holds the secret id." placeholder:"FILE"`
	SecretKey     string `secret:"" name:"secret-key" help:"Secret key of the cloud account; better given as a file." placeholder:"KEY"`
	SecretKeyFile string `name:"secret-key-file" help:"File that holds the secret key." placeholder:"FILE"`
	ApplicationID string `name:"application-id" help:"Id of the application at the cloud." placeholder:"ID"`
}

// CheckpointFlags are the ways on which checkpoints of the audit logs leave the machine; mail has flags of its own, since only the portal knows
// who reviews.
type CheckpointFlags struct {
	CheckpointFolder     string `name:"checkpoint-folder" help:"Folder on another mount that signed checkpoints of the audit logs are appended in; it is never made." placeholder:"DIR"`
	CheckpointSyslog     string `name:"checkpoint-syslog" help:"Syslog server (RFC 5424) that gets checkpoints: unixgram:///dev/log, udp://host:514 or tcp://host:601." placeholder:"URL"`
	CheckpointURL        string `secret:"" name:"checkpoint-url" help:"Address that gets a signed POST with each checkpoint; it may be in a private network." placeholder:"URL"`
	CheckpointSecret     string `secret:"" name:"checkpoint-secret" help:"Secret that those are signed with; better given as a file." placeholder:"SECRET"`
	CheckpointSecretFile string `name:"checkpoint-secret-file" help:"File that holds that secret." placeholder:"FILE"`
	Witness              string `name:"witness" help:"Address of a witness (sealdesk witness, or any that speaks C2SP tlog-witness) that attests each checkpoint." placeholder:"URL"`
	WitnessKey           string `name:"witness-key" help:"Public key of the witness, as it prints it at its start." placeholder:"KEY"`
}

// ServeCommand runs everything.
type ServeCommand struct {
	DataFlags       `embed:""`
	EngineFlags     `embed:""`
	PlatformFlags   `embed:""`
	GatewayFlags    `embed:""`
	CheckpointFlags `embed:""`
	LogFlags        `embed:""`

	Settings []Setting `kong:"-"` // all of the flags, and where each came from

	Listen               string   `help:"Address of the portal." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	PublicURL            string   `name:"public-url" help:"How browsers reach the portal. Default: http:// and its address. With https, cookies are for TLS only." placeholder:"URL"`
	TrustedProxies       []string `name:"trusted-proxies" help:"Addresses of reverse proxies whose X-Forwarded-For is believed." placeholder:"CIDR"`
	WebhookURL           string   `secret:"" name:"webhook-url" help:"Address that gets a signed POST for every notice; a private one only with --allow-private." placeholder:"URL"`
	WebhookSecret        string   `secret:"" name:"webhook-secret" help:"Secret that webhooks are signed with; better given as a file." placeholder:"SECRET"`
	WebhookSecretFile    string   `name:"webhook-secret-file" help:"File that holds the secret of webhooks." placeholder:"FILE"`
	CheckpointMail       bool     `name:"checkpoint-mail" help:"Mail the checkpoints to the accounts of the compliance role, once a day at most; needs --smtp-url."`
	AuditVerify          string   `name:"audit-verify" help:"How often the audit log is verified by itself: daily, hourly or never." default:"daily" enum:"daily,hourly,never"`
	OIDCIssuer           string   `name:"oidc-issuer" help:"Issuer of an OpenID Connect provider that people may sign in with; http for this machine only." placeholder:"URL"`
	OIDCClientID         string   `name:"oidc-client-id" help:"Id of the portal at the provider." placeholder:"ID"`
	OIDCClientSecret     string   `secret:"" name:"oidc-client-secret" help:"Secret of the portal at the provider; better given as a file." placeholder:"SECRET"`
	OIDCClientSecretFile string   `name:"oidc-client-secret-file" help:"File that holds the secret of the portal at the provider." placeholder:"FILE"`
	OIDCLabel            string   `name:"oidc-label" help:"What people call the provider; default: its host name." placeholder:"NAME"`
	Demo                 bool     `help:"Fill a new data folder with organisations, people, seals and contracts in every state; implies --simulate."`
	OwnApproval          bool     `name:"own-approval" help:"Let an account approve a contract that it sent itself; for portals with a single account."`
}

// EngineCommand runs the embedded platform alone, shows its credentials or lets somebody into its console.
type EngineCommand struct {
	Run         EngineRunCommand         `cmd:"" default:"withargs" help:"Run the engine (the default)."`
	Credentials EngineCredentialsCommand `cmd:"" help:"Print what a program needs to call the engine."`
	Console     EngineConsoleCommand     `cmd:"" help:"Print an address that opens the console of a running engine once."`
}

// EngineRunCommand runs the engine alone.
type EngineRunCommand struct {
	DataFlags       `embed:""`
	EngineFlags     `embed:""`
	GatewayFlags    `embed:""`
	CheckpointFlags `embed:""`
	LogFlags        `embed:""`

	CheckpointMailTo []string `name:"checkpoint-mail-to" help:"Mail the checkpoints of the evidence log to these addresses, once a day at most; needs --smtp-url." placeholder:"ADDRESS"`

	Memory bool `help:"Keep nothing: the data lives as long as the program. Credentials and the console's address are printed at the start. Implies --simulate."`
}

// EngineCredentialsCommand prints the credentials of the first application.
type EngineCredentialsCommand struct {
	DataFlags   `embed:""`
	EngineFlags `embed:""`

	JSON bool `name:"json" help:"Print JSON."`
}

// EngineConsoleCommand prints a one-time address of the console.
type EngineConsoleCommand struct {
	DataFlags   `embed:""`
	EngineFlags `embed:""`
}

// DemoCommand does the main job without a browser.
type DemoCommand struct {
	Out   string   `help:"Folder for the files it makes." required:"" placeholder:"DIR"`
	Fonts []string `help:"Further fonts for characters that the built-in one lacks." placeholder:"FILE"`
}

// UserCommand manages accounts of the portal.
type UserCommand struct {
	Add    UserAddCommand    `cmd:"" help:"Add an account."`
	Passwd UserPasswdCommand `cmd:"" help:"Set the password of an account and end its sessions."`
	Factor UserFactorCommand `cmd:"" name:"reset-factor" help:"Take the second factor from an account whose owner has lost it, and end its sessions."`
	List   UserListCommand   `cmd:"" help:"List the accounts."`
}

// UserAddCommand adds an account.
type UserAddCommand struct {
	DataFlags `embed:""`

	Name          string   `arg:"" help:"Name to log in with."`
	Role          string   `help:"What the account may do: admin, business or compliance." enum:"admin,business,compliance" required:""`
	DisplayName   string   `name:"display-name" help:"Name to show; default: the name to log in with."`
	Organizations []string `help:"Ids of the sub-organisations that the account reaches; none for all." placeholder:"ID"`
	PasswordStdin bool     `name:"password-stdin" help:"Read the password from the standard input; else one is made and printed."`
}

// UserPasswdCommand sets a password.
type UserPasswdCommand struct {
	DataFlags `embed:""`

	Name          string `arg:"" help:"Name of the account."`
	PasswordStdin bool   `name:"password-stdin" help:"Read the password from the standard input; else one is made and printed."`
}

// UserFactorCommand takes the second factor from an account.
type UserFactorCommand struct {
	DataFlags `embed:""`

	Name string `arg:"" help:"Name of the account."`
}

// UserListCommand lists accounts.
type UserListCommand struct {
	DataFlags `embed:""`

	JSON bool `name:"json" help:"Print JSON."`
}

// AuditCommand is about the audit log.
type AuditCommand struct {
	Verify     AuditVerifyCommand     `cmd:"" help:"Recompute the whole log and say whether it is unchanged."`
	Export     AuditExportCommand     `cmd:"" help:"Write events with their proofs."`
	Checkpoint AuditCheckpointCommand `cmd:"" help:"Print a signed checkpoint, to be kept elsewhere."`
}

// AuditVerifyCommand verifies the log of the data folder, or an export offline.
type AuditVerifyCommand struct {
	DataFlags `embed:""`

	Log     string `help:"Which log: portal, engine, or all that there are." enum:"portal,engine,all" default:"all"`
	Against string `help:"File with further checkpoints kept earlier, beside those in the data folder." type:"existingfile" placeholder:"FILE"`
	// CheckpointFolder is that of serve, so that its setting in the environment serves both.
	CheckpointFolder []string `name:"checkpoint-folder" help:"Folders that checkpoints were left in, see serve." placeholder:"DIR"`
	Export           string   `help:"Verify this export instead of the database." type:"existingfile" placeholder:"FILE"`
	Key              string   `help:"Public key of the log, as the portal shows it beside each event; without it an export must be of a log of the data folder, or its key is unknown (exit status 2)." placeholder:"KEY"`
	JSON             bool     `name:"json" help:"Print JSON."`
}

// AuditExportCommand exports events.
type AuditExportCommand struct {
	DataFlags `embed:""`

	Log    string `help:"Which log: portal or engine." enum:"portal,engine" default:"portal"`
	Format string `help:"jsonl (with proofs) or csv." enum:"jsonl,csv" default:"jsonl"`
	At     string `help:"File with a checkpoint kept earlier: the proofs lead to the newest in it, for the events before it." type:"existingfile" placeholder:"FILE"`
	Out    string `help:"File to write; default: the standard output." placeholder:"FILE"`
}

// AuditCheckpointCommand prints a checkpoint.
type AuditCheckpointCommand struct {
	DataFlags `embed:""`

	Log string `help:"Which log: portal or engine." enum:"portal,engine" default:"portal"`
}

// WitnessCommand attests the checkpoints of logs of another machine. Its part of the data folder is its own.
type WitnessCommand struct {
	DataFlags `embed:""`
	LogFlags  `embed:""`

	WitnessListen string   `help:"Address of the witness." default:"127.0.0.1:8082" placeholder:"HOST:PORT"`
	WitnessName   string   `help:"Name in its signatures, such as witness.example.com; fixed by the first start." default:"sealdesk/witness" placeholder:"NAME"`
	Logs          []string `name:"log" help:"Public key of a log that it attests, as the portal's page of checkpoints shows it; may be given several times." required:"" placeholder:"KEY"`
}

// EraseCommand erases a person from the logs.
type EraseCommand struct {
	DataFlags `embed:""`

	Person string `arg:"" help:"Id, log-in name or name of the person; where several have it, they are listed with their ids and nothing happens."`
	Yes    bool   `help:"Do not ask to type it once more; for scripts."`
}

// VerifyCommand verifies the signatures of a PDF.
type VerifyCommand struct {
	File string `arg:"" help:"The PDF." type:"existingfile"`
	Root string `help:"Root certificate to trust, in PEM; default: the one of the data folder, if there is one." type:"existingfile" placeholder:"FILE"`
	Data string `help:"Folder of databases, files and keys." default:"./data" placeholder:"DIR"`
	JSON bool   `name:"json" help:"Print JSON."`
}

// BackupCommand copies the data.
type BackupCommand struct {
	DataFlags `embed:""`

	Dir string `arg:"" help:"New folder for the backup."`
}

// RestoreCommand puts a backup back.
type RestoreCommand struct {
	DataFlags `embed:""`

	Dir string `arg:"" help:"Folder of the backup." type:"existingdir"`
}

// HealthCommand asks a running portal.
type HealthCommand struct {
	Listen string `help:"Address of the portal." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
}

// VersionCommand prints the version.
type VersionCommand struct{}

// Parse reads arguments (without the program's name) and the environment into c, and returns the name of the chosen command. Help is
// written to out; then done is true and there is nothing to run.
func (c *CLI) Parse(args []string, out io.Writer) (command string, done bool, err error) {
	parser, err := kong.New(c,
		kong.Name("sealdesk"),
		kong.Description("A self-hosted portal for electronic contracts, with its own engine."),
		kong.DefaultEnvars("SEALDESK"),
		kong.Writers(out, out),
		kong.Exit(func(int) { done = true }),
	)
	if err != nil {
		return "", false, fmt.Errorf("build the command line: %w", err)
	}
	parsed, err := parser.Parse(args)
	if done { // after --help kong goes on as if it had left the program, and may report a missing command
		return "", true, nil
	}
	if err != nil {
		return "", false, err
	}
	c.Serve.Settings = settings(parsed)
	return commandName(parsed.Command()), false, nil
}

// commandName takes the placeholders of positional arguments away: "user add <name>" is "user add".
func commandName(command string) string {
	name := ""
	for i, start := 0, 0; i <= len(command); i++ {
		if i < len(command) && command[i] != ' ' {
			continue
		}
		if word := command[start:i]; word != "" && word[0] != '<' {
			if name != "" {
				name += " "
			}
			name += word
		}
		start = i + 1
	}
	return name
}
