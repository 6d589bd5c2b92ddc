package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
)

// checkpoints checks the ways on which checkpoints leave the machine; what belongs to a way is needed as soon as the way is on.
func (c CheckpointFlags) checkpoints() (out Checkpoints, err error) {
	var errs []error
	if c.CheckpointFolder != "" {
		out.Folder, err = filepath.Abs(c.CheckpointFolder)
		errs = append(errs, err)
	}
	if c.CheckpointSyslog != "" {
		u, err := url.Parse(c.CheckpointSyslog)
		local := err == nil && u.Scheme == "unixgram" && u.Host == "" && u.Path != ""
		remote := err == nil && (u.Scheme == "udp" || u.Scheme == "tcp") && u.Port() != "" && u.Path == ""
		if !local && !remote {
			errs = append(errs, fmt.Errorf("--checkpoint-syslog: %q is not unixgram:///path, udp://host:port or tcp://host:port", c.CheckpointSyslog))
		}
		out.Syslog = u
	}
	if c.CheckpointURL != "" {
		if !isWeb(c.CheckpointURL) {
			errs = append(errs, errors.New("--checkpoint-url: not a web address")) // without the value: it may hold a secret
		}
		out.PostURL = c.CheckpointURL
		out.PostSecret, err = secret("checkpoint-secret", c.CheckpointSecret, c.CheckpointSecretFile)
		errs = append(errs, err)
	}
	if c.Witness != "" && !isWeb(c.Witness) {
		errs = append(errs, fmt.Errorf("--witness: %q is not a web address", c.Witness))
	}
	if (c.Witness == "") != (c.WitnessKey == "") {
		errs = append(errs, errors.New("--witness and --witness-key belong together"))
	}
	out.WitnessURL, out.WitnessKey = c.Witness, c.WitnessKey
	return out, errors.Join(errs...)
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
