package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
)

// GatewayFlags are how codes, invitations and other messages reach people. Without any they stand on the engine's console only.
type GatewayFlags struct {
	SMTPURL           string `secret:"" name:"smtp-url" help:"Mail server for messages and notices: smtp://host:587 (STARTTLS where it is offered) or smtps://host:465, with user and password before the host." placeholder:"URL"`
	SMTPURLFile       string `name:"smtp-url-file" help:"File that holds the address of the mail server with its password." placeholder:"FILE"`
	SMTPFrom          string `name:"smtp-from" help:"Address that mails come from." placeholder:"ADDRESS"`
	SMSSecretID       string `secret:"" name:"sms-secret-id" help:"Secret id of a Tencent Cloud account that sends SMS." placeholder:"ID"`
	SMSSecretKey      string `secret:"" name:"sms-secret-key" help:"Its secret key; better given as a file." placeholder:"KEY"`
	SMSSecretKeyFile  string `name:"sms-secret-key-file" help:"File that holds the secret key for SMS." placeholder:"FILE"`
	SMSAppID          string `name:"sms-app-id" help:"Id of the SMS application (SmsSdkAppId)." placeholder:"ID"`
	SMSSign           string `name:"sms-sign" help:"Signature of the SMS (SignName)." placeholder:"NAME"`
	SMSCodeTemplate   string `name:"sms-code-template" help:"Template for codes: {1} the code, {2} its minutes." placeholder:"ID"`
	SMSInviteTemplate string `name:"sms-invite-template" help:"Template for invitations: {1} the contract, {2} the link. Without it nobody is invited by SMS." placeholder:"ID"`
	SMSDoneTemplate   string `name:"sms-done-template" help:"Template for complete contracts: {1} the contract, {2} a link to read it." placeholder:"ID"`
	SMSChangeTemplate string `name:"sms-change-template" help:"Template for a changed address, sent to the mobile before: {1} the new one, masked." placeholder:"ID"`
	SMSEndpoint       string `name:"sms-endpoint" help:"Address of the SMS API; for tests." default:"https://sms.tencentcloudapi.com/" placeholder:"URL"`
	SMSRegion         string `name:"sms-region" help:"Region of the SMS application." default:"ap-guangzhou" placeholder:"NAME"`
	MessageURL        string `secret:"" name:"message-url" help:"Address that gets a signed POST for every message to a mobile, and sends it on; a private one only with --allow-private." placeholder:"URL"`
	MessageSecret     string `secret:"" name:"message-secret" help:"Secret that these are signed with; better given as a file." placeholder:"SECRET"`
	MessageSecretFile string `name:"message-secret-file" help:"File that holds the secret of --message-url." placeholder:"FILE"`
}

// Gateways is how messages reach people; empty addresses and ids are ways that are off.
type Gateways struct {
	MailURL                   *url.URL // smtp or smtps
	MailFrom                  string
	SMSSecretID, SMSSecretKey string
	SMSAppID, SMSSign         string
	SMSCode, SMSInvite        string // templates
	SMSDone, SMSChange        string
	SMSEndpoint, SMSRegion    string
	MessageURL, MessageSecret string
}

func (f GatewayFlags) gateways() (g Gateways, err error) {
	var errs []error
	if f.SMTPURL != "" || f.SMTPURLFile != "" {
		g.MailURL, g.MailFrom, err = f.mailServer()
		errs = append(errs, err)
	}
	if f.SMSSecretID != "" {
		g.SMSSecretID, g.SMSAppID, g.SMSSign, g.SMSEndpoint, g.SMSRegion = f.SMSSecretID, f.SMSAppID, f.SMSSign, f.SMSEndpoint, f.SMSRegion
		g.SMSCode, g.SMSInvite, g.SMSDone, g.SMSChange = f.SMSCodeTemplate, f.SMSInviteTemplate, f.SMSDoneTemplate, f.SMSChangeTemplate
		g.SMSSecretKey, err = secret("sms-secret-key", f.SMSSecretKey, f.SMSSecretKeyFile)
		errs = append(errs, err, webAddress("sms-endpoint", f.SMSEndpoint))
		if f.SMSAppID == "" || f.SMSCodeTemplate == "" {
			errs = append(errs, errors.New("--sms-app-id and --sms-code-template are needed beside --sms-secret-id"))
		}
	}
	if f.MessageURL != "" {
		g.MessageURL = f.MessageURL
		g.MessageSecret, err = secret("message-secret", f.MessageSecret, f.MessageSecretFile)
		errs = append(errs, err, webAddress("message-url", f.MessageURL))
	}
	return g, errors.Join(errs...)
}

func webAddress(flag, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("--%s: %q is not a web address", flag, address)
	}
	return nil
}

func (f GatewayFlags) mailServer() (server *url.URL, from string, err error) {
	raw, err := secret("smtp-url", f.SMTPURL, f.SMTPURLFile)
	errs := []error{err}
	if u, parseErr := url.Parse(raw); err == nil && (parseErr != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Host == "") {
		errs = append(errs, errors.New("--smtp-url: not an smtp or smtps address")) // without the value: it holds a password
	} else {
		server = u
	}
	if address, err := mail.ParseAddress(f.SMTPFrom); err != nil {
		errs = append(errs, fmt.Errorf("--smtp-from: %q is not a mail address", f.SMTPFrom))
	} else {
		from = address.Address
	}
	return server, from, errors.Join(errs...)
}
