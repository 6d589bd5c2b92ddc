package api

// The codes that actions of essbasic 2020-12-22 declare. Which action declares which is told by Errors.
const (
	// CodeAuthFailure is a failure of the signature or of the authorisation.
	CodeAuthFailure = "AuthFailure"
	// CodeDryRunOperation answers a dry run that would have worked.
	CodeDryRunOperation = "DryRunOperation"
	// CodeFailedOperation means that the operation failed for a reason with no code of its own.
	CodeFailedOperation = "FailedOperation"
	// CodeFailedOperationAccountAlreadyExists means that the person is registered and verified already.
	CodeFailedOperationAccountAlreadyExists = "FailedOperation.AccountAlreadyExists"
	// CodeFailedOperationAccountVerifyFail means that the check of a real name failed, or that the account is not verified.
	CodeFailedOperationAccountVerifyFail = "FailedOperation.AccountVerifyFail"
	// CodeFailedOperationAuthFail means that an authorisation failed.
	CodeFailedOperationAuthFail = "FailedOperation.AuthFail"
	// CodeFailedOperationDLockFailed means that the platform could not take a lock.
	CodeFailedOperationDLockFailed = "FailedOperation.DLockFailed"
	// CodeFailedOperationErrBindingRepeated means that another mobile is bound already, or this one elsewhere.
	CodeFailedOperationErrBindingRepeated = "FailedOperation.ErrBindingRepeated"
	// CodeFailedOperationGenerateOrgSeal means that the seal of an organisation could not be drawn.
	CodeFailedOperationGenerateOrgSeal = "FailedOperation.GenerateOrgSeal"
	// CodeFailedOperationGenerateUserSeal means that the seal of a person could not be drawn.
	CodeFailedOperationGenerateUserSeal = "FailedOperation.GenerateUserSeal"
	// CodeFailedOperationNoRole means that the caller has no role.
	CodeFailedOperationNoRole = "FailedOperation.NoRole"
	// CodeFailedOperationOpenIdAlreadyExists means that the application has used the OpenId already.
	CodeFailedOperationOpenIdAlreadyExists = "FailedOperation.OpenIdAlreadyExists"
	// CodeFailedOperationOrgIdCardNumberAlreadyExists means that the organisation's number is registered already.
	CodeFailedOperationOrgIdCardNumberAlreadyExists = "FailedOperation.OrgIdCardNumberAlreadyExists"
	// CodeFailedOperationRequestLimitExceeded means too many requests.
	CodeFailedOperationRequestLimitExceeded = "FailedOperation.RequestLimitExceeded"
	// CodeFailedOperationRequestLimitExceeded1D means more than 10 messages to a mobile in a day.
	CodeFailedOperationRequestLimitExceeded1D = "FailedOperation.RequestLimitExceeded1D"
	// CodeFailedOperationRequestLimitExceeded1H means more than 5 messages to a mobile in an hour.
	CodeFailedOperationRequestLimitExceeded1H = "FailedOperation.RequestLimitExceeded1H"
	// CodeFailedOperationRequestLimitExceeded30S means a second message to a mobile within 30 seconds.
	CodeFailedOperationRequestLimitExceeded30S = "FailedOperation.RequestLimitExceeded30S"
	// CodeInternalError is a failure inside the platform.
	CodeInternalError = "InternalError"
	// CodeInternalErrorApi is a failure of another service that the platform asks.
	CodeInternalErrorApi = "InternalError.Api"
	// CodeInternalErrorCache is a failure of the platform's cache.
	CodeInternalErrorCache = "InternalError.Cache"
	// CodeInternalErrorCallback is a failure of a callback.
	CodeInternalErrorCallback = "InternalError.Callback"
	// CodeInternalErrorDb is a failure of the platform's database.
	CodeInternalErrorDb = "InternalError.Db"
	// CodeInternalErrorDecryption is a failure to decrypt.
	CodeInternalErrorDecryption = "InternalError.Decryption"
	// CodeInternalErrorEncryption is a failure to encrypt.
	CodeInternalErrorEncryption = "InternalError.Encryption"
	// CodeInternalErrorGenerateId is a failure to make an id.
	CodeInternalErrorGenerateId = "InternalError.GenerateId"
	// CodeInternalErrorMq is a failure of the platform's queue.
	CodeInternalErrorMq = "InternalError.Mq"
	// CodeInternalErrorPdf is a failure in working on a PDF.
	CodeInternalErrorPdf = "InternalError.Pdf"
	// CodeInternalErrorSerialize is a failure to encode.
	CodeInternalErrorSerialize = "InternalError.Serialize"
	// CodeInternalErrorStorage is a failure to keep or fetch a file.
	CodeInternalErrorStorage = "InternalError.Storage"
	// CodeInternalErrorThirdParty is a failure of a third party.
	CodeInternalErrorThirdParty = "InternalError.ThirdParty"
	// CodeInternalErrorUnSerialize is a failure to decode.
	CodeInternalErrorUnSerialize = "InternalError.UnSerialize"
	// CodeInvalidParameter means a parameter of the wrong type, or a wrong combination.
	CodeInvalidParameter = "InvalidParameter"
	// CodeInvalidParameterBizApproverAlreadyExists means that the person is to sign for that organisation already.
	CodeInvalidParameterBizApproverAlreadyExists = "InvalidParameter.BizApproverAlreadyExists"
	// CodeInvalidParameterInvalidVerifyResult means that the ticket of the signer's will is not valid.
	CodeInvalidParameterInvalidVerifyResult = "InvalidParameter.InvalidVerifyResult"
	// CodeInvalidParameterValue means a value that is not allowed.
	CodeInvalidParameterValue = "InvalidParameterValue"
	// CodeLimitExceeded means that a quota is used up.
	CodeLimitExceeded = "LimitExceeded"
	// CodeMissingParameter means that a required parameter is absent or empty.
	CodeMissingParameter = "MissingParameter"
	// CodeOperationDenied means that the state or the rights forbid the operation.
	CodeOperationDenied = "OperationDenied"
	// CodeOperationDeniedBannedApplication means that the application is banned.
	CodeOperationDeniedBannedApplication = "OperationDenied.BannedApplication"
	// CodeOperationDeniedNoApiAuth means that the application is not on the white list of the action.
	CodeOperationDeniedNoApiAuth = "OperationDenied.NoApiAuth"
	// CodeOperationDeniedNoExtraVerify means that a further verification is missing.
	CodeOperationDeniedNoExtraVerify = "OperationDenied.NoExtraVerify"
	// CodeOperationDeniedNoIdentityVerify means that the person is not verified.
	CodeOperationDeniedNoIdentityVerify = "OperationDenied.NoIdentityVerify"
	// CodeOperationDeniedNoPaymentVerify means that the verification by payment is missing.
	CodeOperationDeniedNoPaymentVerify = "OperationDenied.NoPaymentVerify"
	// CodeOperationDeniedNoSession means that nobody is logged in.
	CodeOperationDeniedNoSession = "OperationDenied.NoSession"
	// CodeOperationDeniedNoVerify means that the account is not verified at the cloud.
	CodeOperationDeniedNoVerify = "OperationDenied.NoVerify"
	// CodeOperationDeniedNotOwnerUin means that the caller is not the main account.
	CodeOperationDeniedNotOwnerUin = "OperationDenied.NotOwnerUin"
	// CodeOperationDeniedUserNotInOrganization means that the person does not belong to the organisation.
	CodeOperationDeniedUserNotInOrganization = "OperationDenied.UserNotInOrganization"
	// CodeRequestLimitExceeded means that the rate of requests is too high.
	CodeRequestLimitExceeded = "RequestLimitExceeded"
	// CodeResourceInUse means that the thing is in use.
	CodeResourceInUse = "ResourceInUse"
	// CodeResourceInsufficient means that there is not enough of something.
	CodeResourceInsufficient = "ResourceInsufficient"
	// CodeResourceNotFound means that there is no such thing, or that it belongs to another application.
	CodeResourceNotFound = "ResourceNotFound"
	// CodeResourceUnavailable means that the thing cannot be had in its present state.
	CodeResourceUnavailable = "ResourceUnavailable"
	// CodeResourcesSoldOut means that nothing is left to buy.
	CodeResourcesSoldOut = "ResourcesSoldOut"
	// CodeUnauthorizedOperation means that the caller lacks the right.
	CodeUnauthorizedOperation = "UnauthorizedOperation"
	// CodeUnknownParameter means a parameter that the action does not know.
	CodeUnknownParameter = "UnknownParameter"
	// CodeUnsupportedOperation means that the operation is not supported.
	CodeUnsupportedOperation = "UnsupportedOperation"
)

// The codes that the cloud's gateway returns for any action, before the action itself is reached.
const (
	// CodeActionOffline means that the action has been retired.
	CodeActionOffline = "ActionOffline"
	// CodeAuthFailureInvalidAuthorization means that the Authorization header cannot be read.
	CodeAuthFailureInvalidAuthorization = "AuthFailure.InvalidAuthorization"
	// CodeAuthFailureInvalidSecretId means that the key is not one of the cloud API.
	CodeAuthFailureInvalidSecretId = "AuthFailure.InvalidSecretId"
	// CodeAuthFailureMFAFailure means that the second factor failed.
	CodeAuthFailureMFAFailure = "AuthFailure.MFAFailure"
	// CodeAuthFailureSecretIdNotFound means that the key is unknown or disabled.
	CodeAuthFailureSecretIdNotFound = "AuthFailure.SecretIdNotFound"
	// CodeAuthFailureSignatureExpire means that the timestamp is more than 300 seconds off.
	CodeAuthFailureSignatureExpire = "AuthFailure.SignatureExpire"
	// CodeAuthFailureSignatureFailure means that the signature does not fit the request.
	CodeAuthFailureSignatureFailure = "AuthFailure.SignatureFailure"
	// CodeAuthFailureTokenFailure means that the session token is wrong.
	CodeAuthFailureTokenFailure = "AuthFailure.TokenFailure"
	// CodeAuthFailureUnauthorizedOperation means that the access control of the cloud denies the call.
	CodeAuthFailureUnauthorizedOperation = "AuthFailure.UnauthorizedOperation"
	// CodeInvalidAction means that there is no such action.
	CodeInvalidAction = "InvalidAction"
	// CodeInvalidRequest means that the body of the request cannot be read.
	CodeInvalidRequest = "InvalidRequest"
	// CodeIpInBlacklist means that calls from the address are blocked.
	CodeIpInBlacklist = "IpInBlacklist"
	// CodeIpNotInWhitelist means that calls from the address are not among those allowed.
	CodeIpNotInWhitelist = "IpNotInWhitelist"
	// CodeNoSuchProduct means that there is no such product.
	CodeNoSuchProduct = "NoSuchProduct"
	// CodeNoSuchVersion means that the product has no such version.
	CodeNoSuchVersion = "NoSuchVersion"
	// CodeRequestLimitExceededGlobalRegionUinLimitExceeded means that the main account exceeds its rate in all regions together.
	CodeRequestLimitExceededGlobalRegionUinLimitExceeded = "RequestLimitExceeded.GlobalRegionUinLimitExceeded"
	// CodeRequestLimitExceededIPLimitExceeded means that an address exceeds its rate.
	CodeRequestLimitExceededIPLimitExceeded = "RequestLimitExceeded.IPLimitExceeded"
	// CodeRequestLimitExceededUinLimitExceeded means that the main account exceeds its rate.
	CodeRequestLimitExceededUinLimitExceeded = "RequestLimitExceeded.UinLimitExceeded"
	// CodeRequestSizeLimitExceeded means a request of more than 10 MB (32 KB by GET).
	CodeRequestSizeLimitExceeded = "RequestSizeLimitExceeded"
	// CodeResponseSizeLimitExceeded means that the answer would be too large.
	CodeResponseSizeLimitExceeded = "ResponseSizeLimitExceeded"
	// CodeServiceUnavailable means that the service is down for the moment.
	CodeServiceUnavailable = "ServiceUnavailable"
	// CodeUnsupportedProtocol means neither HTTP nor HTTPS, or a method other than GET and POST.
	CodeUnsupportedProtocol = "UnsupportedProtocol"
	// CodeUnsupportedRegion means that the product is not offered in the region.
	CodeUnsupportedRegion = "UnsupportedRegion"
)
