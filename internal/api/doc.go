// Package api speaks essbasic, the e-sign API of Tencent Cloud, version 2020-12-22: its 53 actions as typed values, the rules of their
// requests, its error codes, its signature (made and checked), and a client that records every call.
//
// One struct of an action serves three uses: JSON on the wire, an HTML form (ParseForm; the json names are the form names), and
// validation (Validate). Its tags state documented rules only. Names of fields are the platform's; what is not documented, and what its
// documents contradict, is said at the field. Times are Unix seconds in UTC. RequestId, in every answer, is the id under which the
// platform's own log knows the request.
package api
